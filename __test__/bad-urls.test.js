// An announce URL comes out of a torrent: one that can not be used is an `error` that names it, and never throws.
'use strict'

const { test, describe } = require('node:test')
const assert = require('node:assert/strict')
const { startScriptedTracker } = require('./support/scripted-tracker.js')
const { EXPOSE_GC, startScript } = require('./support/child.js')
const { createClient, nextError, nextUpdate } = require('./support/client.js')
const { recordEvents, allDelivered } = require('./support/client.js')

// The text of the only event that comes of announcing to `url`; `opts` go to the constructor.
async function errorFor(t, url, opts) {
  const client = createClient(t, url, opts)
  const events = recordEvents(client)
  const failed = nextError(client, 20_000)
  client.announce(2, { left: 1 })

  const text = await failed
  await allDelivered(t)
  assert.equal(typeof text, 'string')
  assert.deepEqual(events, [['error', text]])
  assert.equal(client._socket, null)
  assert.equal(client._in_interval, false)
  return text
}

describe('a URL that cannot be used is named in the error:', () => {
  for (const url of [
    'http://127.0.0.1:6969/announce',
    'https://tracker.invalid/announce',
    'wss://tracker.invalid',
    'file:///etc/hosts',
    'udp:',
    'udp://',
    'udp:///announce',
    'udp://:6969',
    'udp://:6969/announce',
    'udp://127.0.0.1:0',
    'udp://127.0.0.1:70000',
    'udp://127.0.0.1:-1',
    'udp://127.0.0.1:port',
    'udp://[::1',
    'udp://[::1]]:6969',
    'udp://[zz::1]:6969',
    'udp://a b c:6969',
    'udp://exa<mple>:6969',
    '127.0.0.1:6969',
    'tracker.invalid',
    '/announce',
    'garbage',
    'udp://\ud800:6969',
    '%%%'
  ]) {
    test(JSON.stringify(url), async (t) => {
      const text = await errorFor(t, url)
      // A lone surrogate can not go through UTF-8, and is the only part that may look different.
      assert.ok(text.includes(url) || text.includes(url.replace('\ud800', '\ufffd')), text)
    })
  }

  test('one whose host is nothing but dots', async (t) => {
    assert.ok((await errorFor(t, 'udp://..:6969')).includes('..'))
  })

  test('the empty one', async (t) => {
    assert.match(await errorFor(t, ''), /URL/i)
  })

  test('one with a NUL in its host', async (t) => {
    assert.match(await errorFor(t, 'udp://tracker\0.invalid:6969'), /udp:\/\/tracker/)
  })

  test('one with a host of 70,000 characters', async (t) => {
    const text = await errorFor(t, `udp://${'a'.repeat(70_000)}:6969`)
    assert.match(text, /aaaa/)
  })

  test('one with 70,000 dots and letters', async (t) => {
    const text = await errorFor(t, `udp://${'a.'.repeat(35_000)}:6969`)
    assert.match(text, /a\.a\./)
  })

  test('one with a port of 70,000 digits', async (t) => {
    const text = await errorFor(t, `udp://127.0.0.1:${'1'.repeat(70_000)}`)
    assert.match(text, /udp:\/\/127\.0\.0\.1:111/)
  })
})

describe('a URL that is not a string is an error at announce:', () => {
  for (const url of [
    undefined,
    null,
    6969,
    NaN,
    true,
    {},
    [],
    Symbol('url'),
    1n,
    Buffer.from('udp://')
  ]) {
    test(`${typeof url} ${typeof url === 'symbol' ? '' : JSON.stringify(String(url))}`, async (t) => {
      assert.match(await errorFor(t, url), /URL/i)
    })
  }

  test('an object whose toString throws', async (t) => {
    const url = {
      toString() {
        throw new Error('no text')
      }
    }
    assert.match(await errorFor(t, url), /URL/i)
  })
})

describe('a host that cannot be reached', () => {
  test('because its name does not resolve is named in the error', async (t) => {
    assert.match(await errorFor(t, 'udp://nonexistent.invalid:6969'), /nonexistent\.invalid/)
  })

  test('is looked up once more for the next announce', async (t) => {
    const client = createClient(t, 'udp://nonexistent.invalid:6969')
    for (let i = 0; i < 2; i++) {
      const failed = nextError(client, 20_000)
      client.announce(2)
      assert.match(await failed, /nonexistent\.invalid/)
    }
  })

  test('fails for each of a hundred that wait for the same name', async (t) => {
    const clients = Array.from({ length: 100 }, () =>
      createClient(t, 'udp://nonexistent.invalid:6969')
    )
    const failures = clients.map((client) => nextError(client, 20_000))
    clients.forEach((client) => client.announce(2))

    for (const text of await Promise.all(failures)) assert.match(text, /nonexistent\.invalid/)
  })

  test('with family 6 because it is an IPv4 address is named in the error', async (t) => {
    assert.match(await errorFor(t, 'udp://127.0.0.1:6969', { family: 6 }), /127\.0\.0\.1/)
  })

  test('with family 4 because it is an IPv6 address is named in the error', async (t) => {
    assert.match(await errorFor(t, 'udp://[::1]:6969', { family: 4 }), /::1/)
  })
})

test('a corrected announceUrl is used by the next announce', async (t) => {
  const tracker = await startScriptedTracker(t)
  const client = createClient(t, 'udp://')
  const failed = nextError(client)
  client.announce(2)
  await failed

  client.announceUrl = tracker.url
  client.announce(2)
  await nextUpdate(client)
})

test('URLs that are refused are not kept, however many there are and however long', async (t) => {
  const child = startScript(
    t,
    `${EXPOSE_GC}
     // Without the heap of V8, where the texts themselves are.
     const megabytes = () => {
       gc()
       const { rss, heapTotal } = process.memoryUsage()
       return (rss - heapTotal) / 2 ** 20
     }
     const main = async () => {
       const refused = async (count) => {
         for (let i = 0; i < count; i++) {
           const url = 'udp://tracker.example:6969/' + i + 'x'.repeat(1e6)
           const text = await UdpTracker.scrape(url, ['ab'.repeat(20)]).catch((err) => err.message)
           if (!text.startsWith('announce URL is too long')) throw new Error(text)
         }
       }
       await refused(5)
       const before = megabytes()
       await refused(200)
       console.log(before, megabytes())
     }
     main()`
  )
  const { stdout, stderr } = await child.exit()
  assert.equal(stderr, '')
  const [before, after] = stdout.split(' ').map(Number)
  assert.ok(after < before + 50, `${before} MB before, ${after} MB after`)
})
