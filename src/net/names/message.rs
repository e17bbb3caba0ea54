//! A question to a name server and the answers to it (RFC 1035), apart from how they travel.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, RCODE, ResourceRecord, TYPE, rdata::RData};

use crate::proto::Family;

use super::error::{LookUpError, ServerProblem};

/// Where the question begins in a message.
const HEADER: usize = 12;
/// How many names one may stand for, one behind the other.
const MOST_ALIASES: usize = 16;

/// A question as it is sent.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) bytes: Vec<u8>,
    name: String,
    family: Family,
}

/// What a name server says.
#[derive(Debug, PartialEq)]
pub(super) enum Answer {
    /// The name's addresses of the family that was asked for; none if there is the name and it has none.
    Addresses(Vec<IpAddr>),
    NoSuchName,
    /// It is longer than a datagram.
    Truncated,
    Problem(ServerProblem),
}

impl Question {
    /// # Errors
    /// The name is too long, or a part of it is.
    pub(super) fn new(id: u16, name: &str, family: Family) -> Result<Self, LookUpError> {
        let kind = if family == Family::V4 { TYPE::A } else { TYPE::AAAA };
        let mut packet = Packet::new_query(id);
        packet.set_flags(PacketFlag::RECURSION_DESIRED);
        let asked = Name::new(name).map_err(|_| LookUpError::NotAName)?.into_owned();
        packet.questions.push(simple_dns::Question::new(asked, QTYPE::TYPE(kind), QCLASS::CLASS(CLASS::IN), false));
        let bytes = packet.build_bytes_vec().map_err(|_| LookUpError::NotAName)?;
        Ok(Self { bytes, name: name.to_owned(), family })
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

    /// Reads a message that answers this question.
    pub(super) fn read(&self, message: &[u8]) -> Answer {
        // RFC 1035, section 4.1.1: the TC bit. What is cut short may not parse.
        if message.get(2).is_some_and(|flags| flags & 2 != 0) {
            return Answer::Truncated;
        }
        let Ok(packet) = Packet::parse(message) else { return Answer::Problem(ServerProblem::Unreadable) };
        match packet.rcode() {
            RCODE::NoError => Answer::Addresses(self.addresses(&packet.answers)),
            RCODE::NameError => Answer::NoSuchName,
            RCODE::ServerFailure => Answer::Problem(ServerProblem::Failed),
            RCODE::Refused => Answer::Problem(ServerProblem::Refused),
            _ => Answer::Problem(ServerProblem::Unable),
        }
    }

    /// The addresses of the name that was asked for, or of the one that it stands for. What is said of others, nobody asked.
    fn addresses(&self, rows: &[ResourceRecord<'_>]) -> Vec<IpAddr> {
        let mut name = self.name.clone();
        for _ in 0..MOST_ALIASES {
            let of_name = || rows.iter().filter(|row| is_same(&row.name.to_string(), &name)).map(|row| &row.rdata);
            let addresses: Vec<IpAddr> = of_name().filter_map(|data| self.address(data)).collect();
            if !addresses.is_empty() {
                return addresses;
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

    fn address(&self, data: &RData<'_>) -> Option<IpAddr> {
        match (self.family, data) {
            (Family::V4, RData::A(a)) => Some(Ipv4Addr::from(a.address).into()),
            (Family::V6, RData::AAAA(aaaa)) => Some(Ipv6Addr::from(aaaa.address).into()),
            _ => None,
        }
    }
}

fn is_same(a: &str, b: &str) -> bool {
    a.trim_end_matches('.').eq_ignore_ascii_case(b.trim_end_matches('.'))
}

#[cfg(test)]
pub(super) mod tests {
    use simple_dns::{
        Question as Asked,
        rdata::{A, AAAA, CNAME},
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
        RData::A(A { address: u32::from_be_bytes([10, 0, 0, last]) })
    }

    fn cname(name: &'static str) -> RData<'static> {
        RData::CNAME(CNAME(Name::new(name).unwrap()))
    }

    fn read(rows: &[(&str, RData<'_>)]) -> Answer {
        let question = Question::new(7, "a.example", Family::V4).unwrap();
        let bytes = answer_to(&question.bytes, rows).build_bytes_vec().unwrap();
        assert!(question.is_answered_by(&bytes));
        question.read(&bytes)
    }

    fn found(last: &[u8]) -> Answer {
        Answer::Addresses(last.iter().map(|last| IpAddr::from([10, 0, 0, *last])).collect())
    }

    #[test]
    fn addresses_are_those_of_the_name_and_of_what_it_stands_for() {
        assert_eq!(read(&[("a.example", a(1)), ("A.Example", a(2))]), found(&[1, 2]));
        let aaaa = RData::AAAA(AAAA { address: 1 });
        assert_eq!(read(&[("a.example", aaaa), ("a.example", a(1))]), found(&[1]));
        let chain = [("a.example", cname("b.example")), ("b.example", cname("c.example")), ("c.example", a(3))];
        assert_eq!(read(&chain), found(&[3]));
        let mut reversed = chain;
        reversed.reverse();
        assert_eq!(read(&reversed), found(&[3]));
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
        let question = Question::new(7, "a.example", Family::V4).unwrap();
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
        let other = Question::new(7, "b.example", Family::V4).unwrap();
        assert!(!other.is_answered_by(&good));
        assert!(!Question::new(7, "a.example", Family::V6).unwrap().is_answered_by(&good));
    }

    #[test]
    fn what_a_server_says_instead_of_an_answer() {
        let question = Question::new(7, "a.example", Family::V4).unwrap();
        for (code, expected) in [
            (RCODE::NameError, Answer::NoSuchName),
            (RCODE::ServerFailure, Answer::Problem(ServerProblem::Failed)),
            (RCODE::Refused, Answer::Problem(ServerProblem::Refused)),
            (RCODE::NotImplemented, Answer::Problem(ServerProblem::Unable)),
        ] {
            let mut answer = answer_to(&question.bytes, &[]);
            *answer.rcode_mut() = code;
            assert_eq!(question.read(&answer.build_bytes_vec().unwrap()), expected);
        }
        let mut answer = answer_to(&question.bytes, &[("a.example", a(1))]);
        answer.set_flags(PacketFlag::TRUNCATION);
        let bytes = answer.build_bytes_vec().unwrap();
        assert_eq!(question.read(&bytes), Answer::Truncated);
        assert_eq!(question.read(&bytes[..bytes.len() - 5]), Answer::Truncated);
    }

    #[test]
    fn names_that_cannot_be_asked_for_are_errors() {
        for name in ["x".repeat(64), "x.".repeat(200)] {
            assert_eq!(Question::new(1, &name, Family::V4).map(drop), Err(LookUpError::NotAName), "{name}");
        }
    }
}
