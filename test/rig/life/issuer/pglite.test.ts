import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { issuerContract } from './issuer-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-issuer-pglite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

issuerContract('the issuer on PGlite', () => join(folder, 'store'));
