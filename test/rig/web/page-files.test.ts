import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { addPage } from '../../../rig/web/page-files.ts';
import { ask, serve } from './served.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-page-files-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a built page', () => {
  it('is served to whoever asks, with its types and the headers of the server, and nothing beside it', async () => {
    for (const name of ['index.html', 'x-AB12CD34.js', 'x-AB12CD34.css', 'x.map', 'notes']) {
      writeFileSync(join(folder, name), `content of ${name}`);
    }
    const at = await serve(({ app }) => addPage(app, folder));
    try {
      for (const [path, name, type] of [
        ['/', 'index.html', 'text/html; charset=utf-8'],
        ['/x-AB12CD34.js', 'x-AB12CD34.js', 'text/javascript; charset=utf-8'],
        ['/x-AB12CD34.css', 'x-AB12CD34.css', 'text/css; charset=utf-8'],
      ] as const) {
        const { status, headers, text } = await ask(at.origin, path);
        expect([status, headers['content-type'], text]).toEqual([200, type, `content of ${name}`]);
        expect(headers['cache-control']).toBe('no-store');
        expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
        expect(headers['content-security-policy']).not.toContain('unsafe');
      }
      for (const path of ['/x.map', '/notes', '/index.html', '/../page-files.test.ts', '/%2e%2e/package.json']) {
        expect([path, (await ask(at.origin, path)).status]).toEqual([path, 404]);
      }
    } finally {
      await at.server.close();
    }
  });

  it('that was not built is said', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'vitap-page-none-'));
    try {
      await expect(serve(({ app }) => addPage(app, empty))).rejects.toThrow(/has no page: the build makes it/);
    } finally {
      rmSync(empty, { recursive: true });
    }
  });
});
