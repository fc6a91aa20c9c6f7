import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openSql } from '../../../../rig/store/open.ts';
import { openIdSuite } from './openid-suite.ts';

const folder = mkdtempSync(join(tmpdir(), 'vitap-openid-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

openIdSuite('PGlite', () => openSql(join(folder, 'store')));
