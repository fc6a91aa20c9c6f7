import { TlvReader } from '../../../../../src/apdu/ber-tlv-reader.ts';
import { defineCase, field, ok, send } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import { directoriesOf, type LocatedFile } from '../../located.ts';
import type { ConformanceCase, Need } from '../../model.ts';

/** EF.DIR and EF.ATR/INFO: what a card says of itself must be so. */
function wellKnown(fid: string, words: string): Need<LocatedFile> {
  return {
    words,
    find: (card) =>
      directoriesOf(card)
        .find((each) => each.isMasterFile)
        ?.files.find((each) => each.fid === fid && each.access.read === 'free' && each.length > 0) ?? null,
  };
}

const DIR = wellKnown('2F00', 'an EF.DIR that is free to read');
const INFO = wellKnown('2F01', 'an EF.ATR/INFO that is free to read');

/** Application identifiers in the application templates of EF.DIR. */
function applications(f: LocatedFile): readonly string[] {
  const found: string[] = [];
  if (f.structure !== 'transparent') return found;
  const reader = new TlvReader(f.declaration.content ?? new Uint8Array(0));
  while (reader.next()) {
    if (reader.tag !== 0x61) continue;
    const inner = reader.enter();
    while (inner.next()) if (inner.tag === 0x4f) found.push(hex(...inner.value()));
  }
  return found;
}

export const DIRECTORY_CASES: readonly ConformanceCase[] = [
  defineCase({
    id: 'DIR-001',
    title: 'EF.DIR is read by its identifier and by short identifier 30 alike',
    commands: ['READ BINARY', 'SELECT'],
    needs: { f: DIR },
    steps: ({ f }) => {
      if (f.sfi !== 30) return 'it is declared without short identifier 30';
      if (f.length > 256) return 'it is longer than a short response';
      return [
        f.select,
        send('READ BINARY', '00B0000000', { status: '9000|6282', data: f.content }),
        f.reach,
        send('READ BINARY by short identifier', '00B09E0000', { status: '9000|6282', data: f.content }),
      ];
    },
  }),
  defineCase({
    id: 'DIR-002',
    title: 'every application that EF.DIR names can be selected',
    commands: ['SELECT'],
    needs: { f: DIR },
    steps: ({ f }) => {
      const names = applications(f);
      if (names.length === 0) return 'EF.DIR names no application';
      return names.map((name) => send(`SELECT ${name}`, `00A40400${field(name)}00`, { status: '9000|61XX' }));
    },
  }),
  defineCase({
    id: 'DIR-003',
    title: 'every application that EF.DIR names says its name in the FCI',
    commands: ['SELECT'],
    needs: { f: DIR },
    steps: ({ f }) => {
      const names = applications(f);
      if (names.length === 0) return 'EF.DIR names no application';
      return names.map((name) =>
        send(`SELECT ${name}`, `00A40400${field(name)}00`, { status: '9000', objects: { '6F/84': `${name}*` } }),
      );
    },
  }),
  defineCase({
    id: 'DIR-004',
    title: 'EF.ATR/INFO holds data objects',
    commands: ['READ BINARY', 'SELECT'],
    needs: { f: INFO },
    steps: ({ f }) => {
      const first = f.content.slice(0, 2);
      return [f.select, send('READ BINARY', '00B0000000', { status: '9000|6282', objects: { [first]: '*' } })];
    },
  }),
  defineCase({
    id: 'DIR-005',
    title: 'the card capabilities say what selection the card has: by name and by identifier',
    commands: ['READ BINARY'],
    needs: { f: INFO },
    steps: ({ f }) => {
      if (!/47(02|03)/.test(f.content)) return 'EF.ATR/INFO has no card capabilities (47)';
      // b8 by full name, b5 by file identifier.
      return [f.select, send('READ BINARY', '00B0000000', { status: '9000|6282', objects: { 47: '9X*|BX*|DX*|FX*' } })];
    },
  }),
  defineCase({
    id: 'DIR-006',
    title: 'SELECT an application, then an EF of the MF by its path',
    commands: ['SELECT', 'READ BINARY'],
    needs: { f: DIR },
    steps: ({ f }) => {
      const name = applications(f)[0];
      if (name === undefined) return 'EF.DIR names no application';
      return [
        send('SELECT the application', `00A40400${field(name)}00`, { status: '9000|61XX' }),
        send('SELECT EF.DIR by path', '00A4080C022F00', ok('')),
        send('READ BINARY', '00B0000001', ok(f.part(0, 1))),
      ];
    },
  }),
];
