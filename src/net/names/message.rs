//! A question to a name server and the answers to it (RFC 1035), apart from how they travel.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, RCODE, ResourceRecord, TYPE, rdata::RData};

use crate::requests::{LookUpError, ServerProblem};

/// Where the question begins in a message.
const HEADER: usize = 12;
/// How many names one may stand for, one behind the other.
const MOST_ALIASES: usize = 16;

/// A type of records, and what each of them says.
pub(super) struct Kind<T> {
    code: TYPE,
    read: fn(&RData<'_>) -> Option<T>,
}

/// IPv4 addresses.
pub(super) const A: Kind<IpAddr> = Kind {
    code: TYPE::A,
    read: |data| match data {
        RData::A(a) => Some(Ipv4Addr::from(a.address).into()),
        _ => None,
    },
};
/// IPv6 addresses.
pub(super) const AAAA: Kind<IpAddr> = Kind {
    code: TYPE::AAAA,
    read: |data| match data {
        RData::AAAA(aaaa) => Some(Ipv6Addr::from(aaaa.address).into()),
        _ => None,
    },
};
/// Texts, the strings of a record behind each other. What is no UTF-8 is none.
pub(super) const TXT: Kind<String> = Kind {
    code: TYPE::TXT,
    read: |data| match data {
        RData::TXT(text) => String::try_from(text.clone()).ok(),
        _ => None,
    },
};

/// A question as it is sent.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) bytes: Vec<u8>,
    name: String,
}

/// What a name server says.
#[derive(Debug, PartialEq)]
pub(super) enum Answer<T> {
    /// The name's records of the type that was asked for; none if there is the name and it has none.
    Records(Vec<T>),
    NoSuchName,
    /// It is longer than a datagram.
    Truncated,
    Problem(ServerProblem),
}

impl Question {
    /// # Errors
    /// The name is too long, or a part of it is.
    pub(super) fn new<T>(id: u16, name: &str, kind: &Kind<T>) -> Result<Self, LookUpError> {
        let mut packet = Packet::new_query(id);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        let asked = Name::new(name).map_err(|_| LookUpError::NotAName)?.into_owned();
        packet.questions.push(simple_dns::Question::new(
            asked,
            QTYPE::TYPE(kind.code),
            QCLASS::CLASS(CLASS::IN),
            false,
        ));
        let bytes = packet.build_bytes_vec().map_err(|_| LookUpError::NotAName)?;
        Ok(Self { bytes, name: name.to_owned() })
    }

    /// Whether a message answers this question and no other (RFC 5452, 9.1): it has the number and repeats the question.
    /// What does not is no answer, and the true one may still come.
    pub(super) fn is_answered_by(&self, message: &[u8]) -> bool {
        let (Some(header), Some(rest)) = (message.get(..HEADER), message.get(HEADER..)) else { return false };
        let asked = self.bytes.get(HEADER..).unwrap_or_default();
        let is_response = header[2] & 0b1111_1000 == 0b1000_0000;
        let repeated = rest.get(..asked.len()).unwrap_or_default();
        // Letters of a name may come in another case. Neither lengths nor types are letters.
        header.get(..2) == self.bytes.get(..2)
            && is_response
            && header[4..6] == [0, 1]
            && repeated.eq_ignore_ascii_case(asked)
    }

    /// Reads a message that answers this question, which is of this kind.
    pub(super) fn read<T>(&self, message: &[u8], kind: &Kind<T>) -> Answer<T> {
        // RFC 1035, section 4.1.1: the TC bit. What is cut short may not parse.
        if message.get(2).is_some_and(|flags| flags & 2 != 0) {
            return Answer::Truncated;
        }
        let Ok(packet) = Packet::parse(message) else { return Answer::Problem(ServerProblem::Unreadable) };
        match packet.rcode() {
            RCODE::NoError => Answer::Records(self.records(&packet.answers, kind)),
            RCODE::NameError => Answer::NoSuchName,
            RCODE::ServerFailure => Answer::Problem(ServerProblem::Failed),
            RCODE::Refused => Answer::Problem(ServerProblem::Refused),
            _ => Answer::Problem(ServerProblem::Unable),
        }
    }

    /// The records of the name that was asked for, or of the one that it stands for. What is said of others, nobody asked.
    fn records<T>(&self, rows: &[ResourceRecord<'_>], kind: &Kind<T>) -> Vec<T> {
        let mut name = self.name.clone();
        for _ in 0..MOST_ALIASES {
            let of_name = || rows.iter().filter(|row| is_same(&row.name.to_string(), &name)).map(|row| &row.rdata);
            let records: Vec<T> = of_name().filter_map(kind.read).collect();
            if !records.is_empty() {
                return records;
            }
            let alias = of_name().find_map(|data| match data {
                RData::CNAME(alias) => Some(alias.0.to_string()),
                _ => None,
            });
            let Some(alias) = alias else { break };
            name = alias;
        }
        Vec::new()
    }
}

fn is_same(a: &str, b: &str) -> bool {
    a.trim_end_matches('.').eq_ignore_ascii_case(b.trim_end_matches('.'))
}

#[cfg(test)]
pub(super) mod tests {
    use simple_dns::{
        Question as Asked,
        rdata::{self, CNAME},
    };

    use super::*;

    /// What a name server says to `question`, with these rows of name and data.
    pub(in crate::net::names) fn answer_to(question: &[u8], rows: &[(&str, RData<'_>)]) -> Packet<'static> {
        let question = Packet::parse(question).unwrap();
        let mut answer = Packet::new_reply(question.id());
        answer.questions = question.questions.iter().cloned().map(Asked::into_owned).collect();
        for (name, data) in rows {
            let name = Name::new(name).unwrap().into_owned();
            answer.answers.push(ResourceRecord::new(name, CLASS::IN, 60, data.clone().into_owned()));
        }
        answer
    }

    pub(in crate::net::names) fn a(last: u8) -> RData<'static> {
        RData::A(rdata::A { address: u32::from_be_bytes([10, 0, 0, last]) })
    }

    fn cname(name: &'static str) -> RData<'static> {
        RData::CNAME(CNAME(Name::new(name).unwrap()))
    }

    pub(in crate::net::names) fn txt(strings: &[&'static str]) -> RData<'static> {
        RData::TXT(strings.iter().fold(rdata::TXT::new(), |text, string| text.with_string(string).unwrap()))
    }

    fn read_as<T>(kind: &Kind<T>, rows: &[(&str, RData<'_>)]) -> Answer<T> {
        let question = Question::new(7, "a.example", kind).unwrap();
        let bytes = answer_to(&question.bytes, rows).build_bytes_vec().unwrap();
        assert!(question.is_answered_by(&bytes));
        question.read(&bytes, kind)
    }

    fn read(rows: &[(&str, RData<'_>)]) -> Answer<IpAddr> {
        read_as(&A, rows)
    }

    fn found(last: &[u8]) -> Answer<IpAddr> {
        Answer::Records(last.iter().map(|last| IpAddr::from([10, 0, 0, *last])).collect())
    }

    #[test]
    fn addresses_are_those_of_the_name_and_of_what_it_stands_for() {
        assert_eq!(read(&[("a.example", a(1)), ("A.Example", a(2))]), found(&[1, 2]));
        let aaaa = RData::AAAA(rdata::AAAA { address: 1 });
        assert_eq!(read(&[("a.example", aaaa), ("a.example", a(1))]), found(&[1]));
        let chain = [("a.example", cname("b.example")), ("b.example", cname("c.example")), ("c.example", a(3))];
        assert_eq!(read(&chain), found(&[3]));
        let mut reversed = chain;
        reversed.reverse();
        assert_eq!(read(&reversed), found(&[3]));
    }

    #[test]
    fn texts_are_the_strings_of_a_record_behind_each_other() {
        let long = txt(&["BITTORRENT UDP:", "6969"]);
        let rows = [("a.example", txt(&["v=spf1 -all"])), ("A.example", long), ("b.example", txt(&["other"]))];
        assert_eq!(read_as(&TXT, &rows), Answer::Records(vec!["v=spf1 -all".into(), "BITTORRENT UDP:6969".into()]));
        let alias = [("a.example", cname("b.example")), ("b.example", txt(&["x"]))];
        assert_eq!(read_as(&TXT, &alias), Answer::Records(vec!["x".into()]));
        assert_eq!(read_as(&TXT, &[("a.example", a(1))]), Answer::Records(vec![]));
    }

    #[test]
    fn what_is_said_of_other_names_nobody_asked() {
        assert_eq!(read(&[("b.example", a(1))]), found(&[]));
        assert_eq!(read(&[("b.example", a(1)), ("a.example", a(2)), ("example", a(3))]), found(&[2]));
        assert_eq!(read(&[("a.example", cname("b.example")), ("c.example", a(1))]), found(&[]));
        let ring = [("a.example", cname("b.example")), ("b.example", cname("a.example"))];
        assert_eq!(read(&ring), found(&[]));
    }

    #[test]
    fn an_answer_has_the_number_and_the_question_or_is_none() {
        let question = Question::new(7, "a.example", &A).unwrap();
        let good = answer_to(&question.bytes, &[("a.example", a(1))]).build_bytes_vec().unwrap();
        assert!(question.is_answered_by(&good));
        let with = |change: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = good.clone();
            change(&mut bytes);
            question.is_answered_by(&bytes)
        };
        assert!(with(&|bytes| bytes[13] = b'A'), "the case of a letter");
        assert!(!with(&|bytes| bytes[1] = 8), "another number");
        assert!(!with(&|bytes| bytes[2] &= 0x7f), "a question");
        assert!(!with(&|bytes| bytes[2] |= 0x28), "a notice");
        assert!(!with(&|bytes| bytes[5] = 0), "no question");
        assert!(!with(&|bytes| bytes[13] = b'b'), "another name");
        assert!(!with(&|bytes| bytes[HEADER + 12] = 28), "another type");
        assert!(!with(&|bytes| bytes.truncate(HEADER + 5)), "half a question");
        assert!(!with(&|bytes| bytes.truncate(3)), "half a header");
        let other = Question::new(7, "b.example", &A).unwrap();
        assert!(!other.is_answered_by(&good));
        assert!(!Question::new(7, "a.example", &AAAA).unwrap().is_answered_by(&good));
    }

    #[test]
    fn what_a_server_says_instead_of_an_answer() {
        let question = Question::new(7, "a.example", &A).unwrap();
        for (code, expected) in [
            (RCODE::NameError, Answer::NoSuchName),
            (RCODE::ServerFailure, Answer::Problem(ServerProblem::Failed)),
            (RCODE::Refused, Answer::Problem(ServerProblem::Refused)),
            (RCODE::NotImplemented, Answer::Problem(ServerProblem::Unable)),
        ] {
            let mut answer = answer_to(&question.bytes, &[]);
            *answer.rcode_mut() = code;
            assert_eq!(question.read(&answer.build_bytes_vec().unwrap(), &A), expected);
        }
        let mut answer = answer_to(&question.bytes, &[("a.example", a(1))]);
        answer.set_flags(PacketFlag::TRUNCATION);
        let bytes = answer.build_bytes_vec().unwrap();
        assert_eq!(question.read(&bytes, &A), Answer::Truncated);
        assert_eq!(question.read(&bytes[..bytes.len() - 5], &A), Answer::Truncated);
    }

    #[test]
    fn names_that_cannot_be_asked_for_are_errors() {
        for name in ["x".repeat(64), "x.".repeat(200)] {
            assert_eq!(Question::new(1, &name, &A).map(drop), Err(LookUpError::NotAName), "{name}");
        }
    }
}
