// A real registry, verdaccio, and a door before it that does what is scripted: refuses a package, fails for a while.
'use strict'

const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')
const { runServer } = require('verdaccio')
const { temporaryFolder } = require('../packaging/support.js')

async function listen(t, server) {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return server.address().port
}

function configOf(folder) {
  const everybody = { access: '$all', publish: '$authenticated', unpublish: '$authenticated' }
  return {
    storage: path.join(folder, 'storage'),
    self_path: folder,
    auth: { htpasswd: { file: path.join(folder, 'htpasswd') } },
    packages: { '@*/*': everybody, '**': everybody },
    max_body_size: '100mb',
    log: { type: 'stdout', format: 'pretty', level: 'fatal' }
  }
}

/**
 * An empty registry. `url` is that of the door, `npmrc` a file with which npm may publish there. `script(request)`, which
 * can be replaced, gets `{method, name}` and returns the status to answer at once, `lost` if the answer is to be, or nothing. `puts` has the names of what
 * was published, in order.
 */
async function startVerdaccio(t) {
  const folder = temporaryFolder(t, 'verdaccio')
  const server = await runServer(configOf(folder))
  const port = await listen(t, server)
  const registry = { script: () => undefined, puts: [] }
  const door = http.createServer((request, response) => {
    const name = decodeURIComponent(request.url.slice(1)).split('?')[0]
    const status = registry.script({ method: request.method, name })
    if (typeof status === 'number') {
      request.resume().once('end', () => response.writeHead(status).end('{"error":"scripted"}'))
      return
    }
    const { method, url, headers } = request
    const inner = http.request(
      { host: '127.0.0.1', port, method, path: url, headers },
      (answer) => {
        if (method === 'PUT' && answer.statusCode < 300) registry.puts.push(name)
        if (status === 'lost') return response.destroy()
        answer.pipe(response.writeHead(answer.statusCode, answer.headers))
      }
    )
    inner.once('error', () => response.destroy())
    request.pipe(inner)
  })
  const host = `127.0.0.1:${await listen(t, door)}`
  registry.url = `http://${host}`
  registry.npmrc = path.join(folder, 'npmrc')
  fs.writeFileSync(registry.npmrc, `//${host}/:_authToken=${await tokenOf(registry.url)}\n`)
  registry.puts.length = 0
  return registry
}

async function tokenOf(url) {
  const user = { name: 'releaser', password: 'a-long-password' }
  const response = await fetch(`${url}/-/user/org.couchdb.user:${user.name}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user)
  })
  return (await response.json()).token
}

module.exports = { startVerdaccio }
