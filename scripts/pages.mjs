/**
 * Bundles the served pages: each folder of rig/life/pages and rig/lab/pages that has a main.tsx becomes one HTML file, one script and one
 * style. What a page imports when it needs it is a script of its own beside them. All have their hash in their name; nothing
 * in them refers to anything else, maps included.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative } from 'node:path';

/** Titles as they stand until the page speaks the reader's language. Nothing personal has a place here. */
const TITLES = { phone: 'Vitap test card', counter: 'Vitap counter', issuer: 'Vitap issuer', lab: 'Vitap lab' };

/** What browsers may run of a bundle: those of 2022 and later. */
const TARGET = 'es2022';

/** Wings of rig that have pages. */
const WINGS = ['life', 'lab'];

/** @param rig folder of the built rig @returns whether it worked; what did not has been said */
export function buildPages(root, rig) {
  return WINGS.every((wing) => buildWing(root, wing, join(rig, wing, 'pages')));
}

function buildWing(root, wing, target) {
  const pages = join(root, 'rig', wing, 'pages');
  if (!existsSync(pages)) return true;
  const names = readdirSync(pages).filter((name) => existsSync(join(pages, name, 'main.tsx')));
  const fromHere = createRequire(join(root, 'package.json'));
  // Loaded when needed: this file is read before node_modules exists.
  const { buildSync } = fromHere('esbuild');
  const packages = new Set();
  for (const name of names) {
    if (!(name in TITLES)) {
      console.error(`build: the page rig/${wing}/pages/${name} has no title in scripts/pages.mjs`);
      return false;
    }
    const folder = join(target, name);
    mkdirSync(folder, { recursive: true });
    let bundle;
    try {
      bundle = buildSync({
        absWorkingDir: root,
        entryPoints: { [name]: join(pages, name, 'main.tsx') },
        outdir: folder,
        entryNames: '[name]-[hash]',
        chunkNames: '[name]-[hash]',
        bundle: true,
        splitting: true,
        // A browser has a DOM of its own, in which figures are drawn.
        alias: { linkedom: join(root, 'rig', 'web', 'page', 'own-dom.ts') },
        minify: true,
        format: 'esm',
        target: TARGET,
        jsx: 'automatic',
        jsxImportSource: 'preact',
        sourcemap: false,
        legalComments: 'none',
        metafile: true,
        tsconfig: join(root, 'tsconfig.pages.json'),
        logLevel: 'error',
      });
    } catch {
      return false;
    }
    for (const input of Object.keys(bundle.metafile.inputs)) {
      const found = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
      if (found !== null) packages.add(found[1]);
    }
    const files = Object.entries(bundle.metafile.outputs)
      .filter(
        ([file, { entryPoint }]) =>
          file.endsWith('.css') || entryPoint === relative(root, join(pages, name, 'main.tsx')),
      )
      .map(([file]) => basename(file));
    writeFileSync(join(folder, 'index.html'), htmlOf(TITLES[name], files));
  }
  if (names.length > 0) writeFileSync(join(target, 'licences.txt'), licences(root, [...packages].sort()));
  return true;
}

function htmlOf(title, files) {
  const style = files.filter((file) => file.endsWith('.css')).map((file) => `<link rel="stylesheet" href="${file}">`);
  const script = files
    .filter((file) => file.endsWith('.js'))
    .map((file) => `<script type="module" src="${file}"></script>`);
  return `${[
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    `<title>${title}</title>`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<meta name="color-scheme" content="light dark">',
    '<meta name="referrer" content="no-referrer">',
    // Else the browser asks the server for one.
    '<link rel="icon" href="data:,">',
    ...style,
    ...script,
    '</head>',
    '<body>',
    '<div id="page"></div>',
    '<noscript>This page needs JavaScript. Cette page a besoin de JavaScript.</noscript>',
    '</body>',
    '</html>',
  ].join('\n')}\n`;
}

/** The terms of what is inside the bundles, which ship without the packages themselves. */
function licences(root, packages) {
  return packages
    .map((name) => {
      const folder = join(root, 'node_modules', name);
      const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
      return `${name} ${version}\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8')}`;
    })
    .join('\n\n');
}
