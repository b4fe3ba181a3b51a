/**
 * Builds the screens (admin-ui/) into dist/screens-<hash>/: the page, its programs in chunks named after their bytes,
 * and each of them compressed once. The hash is over what goes in, so that a build is made once and then found.
 * Plain JavaScript, because scripts/run.mjs uses it before anything is built.
 */
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'

const ENTRY = 'admin-ui/src/app/main.tsx'
const COMPRESSIBLE_FROM = 1000

/** @param {string} root of the repository. @returns {Promise<string>} the folder with the built screens. */
export async function buildScreens(root) {
  const dist = path.join(root, 'dist')
  const place = path.join(dist, `screens-${sourceHash(root)}`)
  if (fs.existsSync(place)) return place
  const files = await bundle(root)
  const draft = path.join(dist, `.draft-screens-${process.pid}`)
  fs.mkdirSync(draft, { recursive: true })
  for (const [name, bytes] of files) {
    fs.writeFileSync(path.join(draft, name), bytes)
    if (bytes.length < COMPRESSIBLE_FROM || name === 'index.html') continue
    fs.writeFileSync(path.join(draft, `${name}.gz`), zlib.gzipSync(bytes, { level: 9 }))
    const quality = { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 10 } }
    fs.writeFileSync(path.join(draft, `${name}.br`), zlib.brotliCompressSync(bytes, quality))
  }
  try {
    fs.renameSync(draft, place)
  } catch {
    // Another run has put the same build there.
    fs.rmSync(draft, { recursive: true, force: true })
  }
  return place
}

function sourceHash(root) {
  const hash = createHash('sha256')
  const add = (file) => hash.update(`${file}\0`).update(fs.readFileSync(path.join(root, file)))
  for (const folder of ['admin-ui', 'protocol'])
    for (const file of fs.readdirSync(path.join(root, folder), { recursive: true }).sort())
      if (/\.(tsx?|css|html|svg|json)$/.test(file)) add(path.join(folder, file))
  add('package-lock.json')
  add('scripts/screens.mjs')
  return hash.digest('hex').slice(0, 16)
}

/**
 * Components and icons are taken each from its own file: behind the door of their library a bundler keeps all that any
 * page uses together, and the first page would load it all.
 * @type {import('esbuild').Plugin}
 */
const partsByName = {
  name: 'parts-by-name',
  setup({ onLoad }) {
    onLoad({ filter: /admin-ui[\\/]src[\\/].*\.tsx?$/ }, ({ path: file }) => ({
      contents: fs
        .readFileSync(file, 'utf8')
        .replace(/import \{([^}]*)\} from '(antd|@ant-design\/icons)'/g, (_, names, library) =>
          names
            .split(',')
            .map((name) => name.trim())
            .filter((name) => name !== '' && !name.startsWith('type '))
            .map((name) => `import ${name} from '${fileOf(library, name)}'`)
            .join(';'),
        ),
      loader: file.endsWith('x') ? 'tsx' : 'ts',
    }))
  },
}

function fileOf(library, name) {
  if (library !== 'antd') return `${library}/es/icons/${name}`
  return `antd/es/${name.replace(/([a-z])([A-Z])|(?<=[A-Z])([A-Z][a-z])/g, '$1-$2$3').toLowerCase()}/index.js`
}

async function bundle(root) {
  const esbuild = await import('esbuild')
  const outdir = path.join(root, 'dist', 'screens')
  const names = { entryNames: '[name]-[hash]', chunkNames: '[name]-[hash]', assetNames: '[name]-[hash]' }
  const { outputFiles, metafile } = await esbuild.build({
    ...names,
    entryPoints: [ENTRY],
    ...{ bundle: true, splitting: true, format: 'esm', minify: true, write: false, metafile: true },
    ...{ platform: 'browser', target: ['chrome110', 'firefox115', 'safari16'], jsx: 'automatic' },
    ...{ absWorkingDir: root, outdir, publicPath: '/screens', logLevel: 'silent', legalComments: 'none' },
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [partsByName],
    // Schemas must not try to compile themselves, not even while modules load: the page's policy runs no text.
    banner: { js: '(globalThis.__zod_globalConfig??={}).jitless=true;' },
  })
  const files = new Map(outputFiles.map(({ path: file, contents }) => [path.basename(file), contents]))
  const [program, { cssBundle }] = Object.entries(metafile.outputs).find(
    ([, { entryPoint }]) => entryPoint === ENTRY,
  )
  const drawing = fs.readFileSync(path.join(root, 'admin-ui', 'icon.svg'))
  const icon = `icon-${createHash('sha256').update(drawing).digest('hex').slice(0, 8)}.svg`
  files.set(icon, drawing)
  const page = fs
    .readFileSync(path.join(root, 'admin-ui', 'index.html'), 'utf8')
    .replace('%program%', path.basename(program))
    .replace('%style%', path.basename(cssBundle))
    .replace('%icon%', icon)
  return files.set('index.html', Buffer.from(page))
}
