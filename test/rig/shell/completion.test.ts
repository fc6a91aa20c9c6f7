import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { answerOf } from '../../../rig/shell/answer.ts';
import { completeLine } from '../../../rig/shell/completion.ts';
import { SeenOnCard } from '../../../rig/shell/desk.ts';
import { KNOWN_APPLICATIONS } from '../../../rig/shell/known-files.ts';
import { MacroTable } from '../../../rig/shell/macros.ts';
import { fromHex } from '../../../src/apdu/hex.ts';

const macros = new MacroTable('/nowhere/at/all');
macros.define('identity', 'select vitale; read 2');

const seen = new SeenOnCard();
/** FCP of EF E002 and of the application that it is in, as ISO/IEC 7816-4 writes them. */
const FCP_EF = '6207 8201 02 8302 E002 9000';
const FCP_DF = '6213 8201 38 8302 E000 840A F0617043562D454D5501 9000';
for (const response of [FCP_EF, FCP_DF]) {
  seen.note(answerOf(fromHex('00A40204'), fromHex(response), { startNs: 0, endNs: 0 }, null, null));
}

const complete = (line: string): string[] => completeLine(line, { seen, macros })[0].map((each) => each.trim());

describe('completion', () => {
  it.each([
    ['sel', ['select']],
    ['re', ['read', 'reconnect', 'record', 'reset']],
    ['zz', []],
    ['select vi', ['vitale']],
    ['select be', ['bench', 'beneficiaries']],
    ['select e0', ['E000', 'E002']],
    ['read F06', ['F0617043562D454D5501']],
    ['select vitale/', ['E000', 'E002', 'carte', 'nir', 'pointers']],
    ['select 3F00/E00', ['E000', 'E002']],
    ['data 6', ['62']],
    ['channel c', ['close']],
    ['reset ', ['cold', 'warm']],
    ['macro d', ['define', 'delete']],
    ['macro delete i', ['identity']],
    ['run ', ['identity']],
    ['record o', ['off']],
    ['atr ', []],
  ])('%j', (line, expected) => expect(complete(line)).toEqual(expected));

  it('stands in for the word, or for what comes after the slash', () => {
    expect(completeLine('select vi', { seen, macros })[1]).toBe('vi');
    expect(completeLine('select apcv/in', { seen, macros })).toEqual([['invoices '], 'in']);
  });

  it('offers names of files only where the card has told of their application', () => {
    const nothing = { seen: new SeenOnCard(), macros };
    expect(completeLine('select be', nothing)[0]).toEqual(['bench ']);
  });
});

interface Directory {
  readonly files?: readonly { readonly fid: string; readonly name?: string }[];
  readonly directories?: readonly Directory[];
}

describe('the names', () => {
  const folder = new URL('../../../profiles', import.meta.url).pathname;
  const known = KNOWN_APPLICATIONS.flatMap(({ files }) =>
    Object.entries(files).map(([each, fid]) => `${fid.toString(16).toUpperCase().padStart(4, '0')} ${each}`),
  );
  /** NDEF is the name of the application too. */
  const nameHere = (name: string): string => (name === 'NDEF' ? 'ndef-file' : name.toLowerCase().replaceAll('_', '-'));
  const filesIn = ({ files = [], directories = [] }: Directory): string[] => [
    ...files.flatMap(({ fid, name }) => (name === undefined ? [] : [`${fid} ${nameHere(name)}`])),
    ...directories.flatMap(filesIn),
  ];

  // vitale2-t0 has the files of vitale2.
  it.each(readdirSync(folder).filter((name) => name !== 'vitale2-t0.yaml'))('are those of %s', (name) => {
    const text = readFileSync(join(folder, name), 'utf8');
    const { masterFile } = parse(text, { schema: 'failsafe', merge: true }) as { masterFile: Directory };
    const named = filesIn(masterFile);
    expect(named.length).toBeGreaterThan(0);
    for (const each of named) expect(known).toContain(each);
  });
});
