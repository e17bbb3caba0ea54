// An npm registry on loopback that has the packages of this project and no others.
'use strict'

const { createHash } = require('node:crypto')
const { once } = require('node:events')
const fs = require('node:fs')
const http = require('node:http')
const path = require('node:path')

/** Serves `packages`, an array of {manifest, tarball (a path)}; `asked` has the names of the tarballs fetched. */
async function startRegistry(t, packages) {
  const byName = new Map(packages.map((entry) => [entry.manifest.name, entry]))
  const byFile = new Map(packages.map((entry) => [path.basename(entry.tarball), entry]))
  const asked = new Set()

  const server = http.createServer((request, response) => {
    const name = decodeURIComponent(request.url.slice(1))
    const file = byFile.get(path.basename(name))
    if (file) {
      asked.add(file.manifest.name)
      return fs.createReadStream(file.tarball).pipe(response)
    }
    if (!byName.has(name)) return response.writeHead(404).end('{}')
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(documentOf(byName.get(name), url)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${server.address().port}`
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url, asked }
}

function documentOf({ manifest, tarball }, url) {
  const { name, version } = manifest
  const hash = createHash('sha512').update(fs.readFileSync(tarball)).digest('base64')
  const dist = {
    tarball: `${url}/${name}/-/${path.basename(tarball)}`,
    integrity: `sha512-${hash}`
  }
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } }
}

module.exports = { startRegistry }
