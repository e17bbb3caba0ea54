// One pool a run: `--pool` says which. The package is what node_modules has, as in an application.
export default {
  resolve: { preserveSymlinks: true },
  test: { include: ['suites/vitest*.test.mjs'] }
}
