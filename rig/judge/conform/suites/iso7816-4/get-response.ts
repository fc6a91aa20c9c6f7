import { defineCase, extendedField, field, given, ok, refused, send } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { ConformanceCase } from '../../model.ts';
import { CHAINING, EXTENDED_LENGTH, file, MASTER_FILE, OWN_DECISIONS as OWN, T1_RULES as T1 } from '../../needs.ts';
import { openObjects } from './creation.ts';

const F = file({ structure: 'transparent', access: { read: 'free' }, bytes: 4 });

const RESPONSES: readonly ConformanceCase[] = [
  defineCase({
    id: 'GRE-001',
    title: 'GET RESPONSE with nothing to fetch',
    commands: ['GET RESPONSE'],
    statusWords: ['6985'],
    steps: () => [send('GET RESPONSE', '00C0000000', refused('6985|6D00|6A88|6F00|6700', '6985'))],
  }),
  defineCase({
    id: 'GRE-002',
    title: 'GET RESPONSE after an answer that was whole',
    commands: ['GET RESPONSE', 'SELECT'],
    statusWords: ['6985'],
    needs: { mf: MASTER_FILE, t1: T1 },
    steps: () => [
      given('SELECT MF, FCP', '00A40004023F0000'),
      send('GET RESPONSE', '00C0000000', refused('6985|6D00|6A88|6F00', '6985')),
    ],
  }),
  defineCase({
    id: 'GRE-003',
    title: 'GET RESPONSE with P1-P2 that mean nothing',
    commands: ['GET RESPONSE'],
    statusWords: ['6A86'],
    steps: () => [send('GET RESPONSE', '00C0010100', refused('6A86|6985|6D00|6B00', '6A86'))],
  }),
  defineCase({
    id: 'GRE-011',
    title: 'an answer longer than a short response comes in parts: 61xx, then GET RESPONSE',
    commands: ['GET RESPONSE', 'GET DATA'],
    statusWords: ['61XX'],
    destructive: true,
    needs: { t1: T1, own: OWN },
    steps: ({ own }) => {
      const made = openObjects(own, 600);
      if (typeof made === 'string') return made;
      const value = Array.from({ length: 300 }, (_, i) => hex(i & 0xff)).join('');
      return [
        made,
        given('PUT DATA of 300 bytes', `00DA00C8${extendedField(value)}`),
        send('GET DATA, Le 00', '00CA00C800', { status: '612C', data: value.slice(0, 512) }),
        send('GET RESPONSE', '00C000002C', ok(value.slice(512))),
        send('GET RESPONSE, once too often', '00C0000000', refused('6985')),
      ];
    },
  }),
  defineCase({
    id: 'GRE-012',
    title: '6100 while 256 bytes or more remain',
    commands: ['GET RESPONSE', 'GET DATA'],
    statusWords: ['6100', '61XX'],
    destructive: true,
    needs: { t1: T1, own: OWN },
    steps: ({ own }) => {
      const made = openObjects(own, 700);
      if (typeof made === 'string') return made;
      const value = Array.from({ length: 600 }, (_, i) => hex((i * 7) & 0xff)).join('');
      return [
        made,
        given('PUT DATA of 600 bytes', `00DA00C8${extendedField(value)}`),
        send('GET DATA, Le 00', '00CA00C800', { status: '6100', data: value.slice(0, 512) }),
        send('GET RESPONSE', '00C0000000', { status: '6158', data: value.slice(512, 1024) }),
        send('GET RESPONSE', '00C0000058', ok(value.slice(1024))),
      ];
    },
  }),
  defineCase({
    id: 'GRE-013',
    title: 'another command in between, and what was left is gone',
    commands: ['GET RESPONSE', 'GET DATA'],
    statusWords: ['6985'],
    destructive: true,
    needs: { t1: T1, own: OWN },
    steps: ({ own }) => {
      const made = openObjects(own, 600);
      if (typeof made === 'string') return made;
      return [
        made,
        given('PUT DATA of 300 bytes', `00DA00C8${extendedField('A5'.repeat(300))}`),
        send('GET DATA, Le 00', '00CA00C800', { status: '612C' }),
        send('SELECT MF', '00A4000C023F00', ok('')),
        send('GET RESPONSE', '00C000002C', refused('6985')),
      ];
    },
  }),
  defineCase({
    id: 'GRE-014',
    title: 'with an extended Le the whole answer comes at once',
    commands: ['GET DATA'],
    destructive: true,
    needs: { t1: T1, own: OWN, extended: EXTENDED_LENGTH },
    steps: ({ own }) => {
      const made = openObjects(own, 600);
      if (typeof made === 'string') return made;
      return [
        made,
        given('PUT DATA of 300 bytes', `00DA00C8${extendedField('5E'.repeat(300))}`),
        send('GET DATA, Le 0000', '00CA00C8000000', ok('5E'.repeat(300))),
      ];
    },
  }),
];

/** A whole command as the data of an ENVELOPE. */
const envelope = (inner: string, cla = '00'): string => `${cla}C20000${field(inner)}00`;

const ENVELOPES: readonly ConformanceCase[] = [
  defineCase({
    id: 'ENV-001',
    title: 'ENVELOPE carries a command, and its answer comes with its status word',
    commands: ['ENVELOPE'],
    needs: { mf: MASTER_FILE, own: OWN },
    steps: () => [send('ENVELOPE of SELECT MF', envelope('00A4000C023F00'), ok('9000'))],
  }),
  defineCase({
    id: 'ENV-002',
    title: 'ENVELOPE of a command that answers data',
    commands: ['ENVELOPE', 'READ BINARY'],
    needs: { f: F, own: OWN },
    steps: ({ f }) => [f.select, send('ENVELOPE of READ BINARY', envelope('00B0000004'), ok(`${f.part(0, 4)}9000`))],
  }),
  defineCase({
    id: 'ENV-003',
    title: 'ENVELOPE of a command that is refused: the refusal is the data',
    commands: ['ENVELOPE'],
    needs: { mf: MASTER_FILE, own: OWN },
    steps: ({ mf }) => [send('ENVELOPE of SELECT', envelope(`00A4020C02${mf.absentFid}`), ok('6A82'))],
  }),
  defineCase({
    id: 'ENV-004',
    title: 'a command in two envelopes, chained',
    commands: ['ENVELOPE'],
    needs: { mf: MASTER_FILE, own: OWN, chaining: CHAINING },
    steps: () => [
      send('ENVELOPE, the first part', '10C2000004' + '00A4000C', ok('')),
      send('ENVELOPE, the last part', '00C2000003' + '023F00' + '00', ok('9000')),
    ],
  }),
  defineCase({
    id: 'ENV-005',
    title: 'what a command in an envelope selects is selected',
    commands: ['ENVELOPE', 'READ BINARY'],
    needs: { f: F, own: OWN },
    steps: ({ f }) => [
      f.reach,
      send('ENVELOPE of SELECT EF', envelope(f.selection), ok('9000')),
      send('READ BINARY', '00B0000002', ok(f.part(0, 2))),
    ],
  }),
  defineCase({
    id: 'ENV-006',
    title: 'an envelope in an envelope is refused',
    commands: ['ENVELOPE'],
    statusWords: ['6A80'],
    needs: { own: OWN },
    steps: () => [send('ENVELOPE of ENVELOPE', envelope('00C200000500A4000C00'), refused('6A80|6985|6700'))],
  }),
  defineCase({
    id: 'ENV-007',
    title: 'ENVELOPE with P1-P2 that mean nothing',
    commands: ['ENVELOPE'],
    statusWords: ['6A86'],
    needs: { own: OWN },
    steps: () => [send('ENVELOPE', '00C2010007' + '00A4000C023F00' + '00', refused('6A86'))],
  }),
];

/** Answers in parts, and commands in envelopes. */
export const GET_RESPONSE_CASES: readonly ConformanceCase[] = [...RESPONSES, ...ENVELOPES];
