import { bytesFrom, defineCase, field, ok, refused, send, tlv } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { ConformanceCase } from '../../model.ts';
import { file, IDENTIFIERS, OWN_DECISIONS } from '../../needs.ts';

const SEARCHED = [
  ['F', 'linear-fixed'],
  ['V', 'linear-variable'],
  ['C', 'cyclic'],
] as const;

const numbersWith = (f: LocatedFile, string: string, from = 1): number[] =>
  Array.from({ length: f.count }, (_, i) => i + 1).filter((each) => each >= from && holds(f.record(each), string));

function holds(record: string, string: string): boolean {
  for (let at = 0; at + string.length <= record.length; at += 2) if (record.startsWith(string, at)) return true;
  return false;
}

export const SEARCH_RECORD_CASES: readonly ConformanceCase[] = SEARCHED.flatMap(([letter, structure]) => {
  const needs = { f: file({ structure, access: { read: 'free' }, records: 3 }) };
  const search = (p1: number, mode: number, f: LocatedFile, data: string): string =>
    `00A2${hex(p1)}${f.p2(mode, false)}${field(data)}00`;
  /** A byte of record 2, the best known by more than one record. */
  const string = (f: LocatedFile): string => f.record(2).slice(0, 2);
  return [
    defineCase({
      id: `SRE-${letter}1`,
      title: `SEARCH RECORD forward from record 1 names every record with the string, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD', search(1, 4, f, string(f)), ok(hex(...numbersWith(f, string(f))))),
      ],
    }),
    defineCase({
      id: `SRE-${letter}2`,
      title: `SEARCH RECORD backward from the last names them the other way round, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD', search(f.count, 5, f, string(f)), ok(hex(...numbersWith(f, string(f)).reverse()))),
      ],
    }),
    defineCase({
      id: `SRE-${letter}3`,
      title: `SEARCH RECORD forward from record 2 passes over record 1, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD', search(2, 4, f, string(f)), ok(hex(...numbersWith(f, string(f), 2)))),
      ],
    }),
    defineCase({
      id: `SRE-${letter}4`,
      title: `SEARCH RECORD for what no record holds warns 6282, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      statusWords: ['6282'],
      needs,
      steps: ({ f }) => {
        const absent = bytesFrom(0x00, 0xff).find((byte) => numbersWith(f, byte).length === 0);
        if (absent === undefined) return 'every byte stands in one of the records';
        return [f.select, send('SEARCH RECORD', search(1, 4, f, absent), { status: '6282', data: '' })];
      },
    }),
    defineCase({
      id: `SRE-${letter}5`,
      title: `SEARCH RECORD by its content finds the record itself, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD for record 3', search(1, 4, f, f.record(3)), {
          status: '9000',
          data: `${hex(...numbersWith(f, f.record(3)))}`,
        }),
      ],
    }),
    defineCase({
      id: `SRE-${letter}6`,
      title: `SEARCH RECORD from a record that is not there, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      statusWords: ['6A83'],
      needs,
      steps: ({ f }) => [
        f.select,
        send('SEARCH RECORD from 254', search(254, 4, f, 'AA'), refused('6A83|6282', '6A83')),
      ],
    }),
    ...(
      [
        ['A', 0, 'forward from the first', false],
        ['B', 1, 'backward from the last', true],
        ['C', 2, 'forward from the next', false],
        ['D', 3, 'backward from the previous', true],
      ] as const
    ).map(([id, mode, words, backward]) =>
      defineCase({
        id: `SRE-${letter}${id}`,
        title: `SEARCH RECORD among the records of one identifier, ${words}, ${structure} EF`,
        commands: ['SEARCH RECORD'],
        needs: { ...needs, identifiers: IDENTIFIERS },
        steps: ({ f }) => {
          const identifier = f.identifier(2);
          if (identifier === '00' || identifier === 'FF') return 'P1 means no identifier 00 and none of FF';
          const found = numbersWith(f, identifier).filter((each) => f.identifier(each) === identifier);
          if (backward) found.reverse();
          return [
            f.select,
            send('SEARCH RECORD', search(Number.parseInt(identifier, 16), mode, f, identifier), ok(hex(...found))),
          ];
        },
      }),
    ),
    defineCase({
      id: `SRE-${letter}E`,
      title: `SEARCH RECORD through a file named by its identifier, ${structure} EF`,
      standard: 'ISO/IEC 7816-4, as ICAO Doc 9303 uses it',
      commands: ['SEARCH RECORD'],
      needs: { ...needs, own: OWN_DECISIONS },
      steps: ({ f }) => {
        const data = tlv(
          '7F76',
          tlv('51', f.fid) + tlv('A1', tlv('80', '00')) + tlv('A3', tlv('B1', tlv('81', f.record(3)))),
        );
        return [
          f.reach,
          send('SEARCH RECORD, P2 F8', `00A200F8${field(data)}00`, {
            status: '9000',
            objects: { '7F76/51': f.fid, '7F76/02': hex(numbersWith(f, f.record(3))[0] as number) },
          }),
        ];
      },
    }),
    defineCase({
      id: `SRE-${letter}7`,
      title: `enhanced SEARCH RECORD looks from an offset only, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs: { ...needs, identifiers: IDENTIFIERS },
      steps: ({ f }) => {
        // The identifier of record 1, looked for behind the first byte of each record.
        const byte = f.identifier(1);
        const found = numbersWithBehind(f, byte, 1);
        return [
          f.select,
          send(
            'SEARCH RECORD forward from 1, offset 1',
            search(1, 6, f, `0401${byte}`),
            found.length === 0 ? { status: '6282', data: '' } : ok(hex(...found)),
          ),
          send(
            'SEARCH RECORD forward from 1, offset 0',
            search(1, 6, f, `0400${byte}`),
            ok(hex(...numbersWith(f, byte))),
          ),
        ];
      },
    }),
    defineCase({
      id: `SRE-${letter}8`,
      title: `enhanced SEARCH RECORD looks behind a byte, ${structure} EF`,
      commands: ['SEARCH RECORD'],
      needs,
      steps: ({ f }) => {
        // The second byte of record 2 behind its first one.
        const [first, second] = [f.record(2).slice(0, 2), f.record(2).slice(2, 4)];
        if (second === '') return 'the record is of one byte';
        const found = Array.from({ length: f.count }, (_, i) => i + 1).filter((each) => {
          const at = bytesOf(f.record(each)).indexOf(first);
          return (
            at >= 0 &&
            bytesOf(f.record(each))
              .slice(at + 1)
              .includes(second)
          );
        });
        return [
          f.select,
          send('SEARCH RECORD forward from 1', search(1, 6, f, `0C${first}${second}`), ok(hex(...found))),
        ];
      },
    }),
  ];
});

function bytesOf(record: string): string[] {
  return record.match(/../g) ?? [];
}

function numbersWithBehind(f: LocatedFile, byte: string, offset: number): number[] {
  return Array.from({ length: f.count }, (_, i) => i + 1).filter((each) =>
    bytesOf(f.record(each)).slice(offset).includes(byte),
  );
}
