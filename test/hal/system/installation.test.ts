import { describe, expect, it } from 'vitest';
import { type Ailment, cureOf, hasPackage, installationOf } from '../../../src/hal/system/installation.ts';

describe('where vitap runs', () => {
  it.each([
    ['/home/a/vitap', [], 'checkout'],
    ['/home/a/project/node_modules/vitap', ['/home/a/project/package.json'], 'dependency'],
    // npx keeps a project of its own for it.
    ['/home/a/.npm/_npx/1f/node_modules/vitap', ['/home/a/.npm/_npx/1f/package.json'], 'dependency'],
    ['/usr/lib/node_modules/vitap', [], 'global'],
    ['/home/a/.nvm/versions/node/v22.1.0/lib/node_modules/vitap', [], 'global'],
  ])('%s: %s %s', (root, files, installation) =>
    expect(installationOf(root, (path) => files.includes(path))).toBe(installation),
  );

  const missing: Ailment = { is: 'missing', name: 'nfc-pcsc' };
  const unfit: Ailment = { is: 'unfit', name: '@pokusew/pcsclite' };
  it.each([
    [missing, 'checkout', 'npm run setup'],
    [missing, 'dependency', 'npm install --include=optional vitap'],
    [missing, 'global', 'npm install -g --include=optional vitap'],
    [unfit, 'checkout', 'npm run setup'],
    [unfit, 'dependency', 'npm rebuild @pokusew/pcsclite'],
    [unfit, 'global', 'npm rebuild -g @pokusew/pcsclite'],
    [{ is: 'broken' }, 'checkout', 'npm run setup'],
    [{ is: 'broken' }, 'dependency', 'npm install vitap'],
    [{ is: 'broken' }, 'global', 'npm install -g vitap'],
  ] as const)('%j in a %s: %s', (ailment, installation, cure) => expect(cureOf(ailment, installation)).toBe(cure));

  it('these tests run in a checkout', () => expect(cureOf(missing)).toBe('npm run setup'));

  it.each([
    ['/p/node_modules/vitap/node_modules/koffi', true],
    ['/p/node_modules/koffi', true],
    ['/p/node_modules/serialport', false],
  ])('a package at %s: %s', (at, found) =>
    expect(hasPackage('/p/node_modules/vitap', 'koffi', (path) => path === at)).toBe(found),
  );
});
