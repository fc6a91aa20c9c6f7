import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { CannotRun } from '../console/failure.ts';
import { PACKAGE_ROOT } from '../console/package-root.ts';
import type { WebApp } from './server.ts';

/** Types of the files that the build makes for a page. */
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Where `npm run build` puts the page of that name, of a wing of rig. */
export function pageFolder(name: string, wing: 'life' | 'lab' = 'life'): string {
  return join(PACKAGE_ROOT, 'dist', 'rig', wing, 'pages', name);
}

/**
 * Serves a built page: its HTML at /, the files that it names beside it. They hold no data, so they are open to whoever
 * comes; what the page asks for afterwards needs the secret.
 * @param folder as `npm run build` makes it
 * @param more paths at which its HTML stands besides /
 * @throws {CannotRun} the page was not built
 */
export function addPage(app: WebApp, folder: string, more: readonly string[] = []): void {
  if (!existsSync(join(folder, 'index.html'))) {
    throw new CannotRun(`${folder} has no page: the build makes it (npm run build)`);
  }
  for (const name of readdirSync(folder)) {
    const type = TYPES[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(join(folder, name));
    for (const path of name === 'index.html' ? ['/', ...more] : [`/${name}`]) {
      app.get(path, { config: { access: 'open' }, schema: { hide: true } }, (_request, reply) =>
        reply.type(type).send(bytes),
      );
    }
  }
}
