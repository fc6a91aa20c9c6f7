import { expect, it } from 'vitest';
import { ISO7816_COMMANDS } from '../../src/applet/iso7816/index.ts';
import { type Command, encode } from './step.ts';

/** One of each command of the model: a new kind without an entry here does not compile. */
const SAMPLES: Readonly<Record<Command['is'], Command>> = {
  'select-name': { is: 'select-name', name: '4D', occurrence: 0, answer: 3 },
  select: { is: 'select', how: 'any', fid: 0x3f00, answer: 3 },
  'select-parent': { is: 'select-parent', answer: 3 },
  'select-path': { is: 'select-path', from: 'mf', path: [0x6000], answer: 3 },
  'read-binary': { is: 'read-binary', sfi: null, offset: 0, ne: 256 },
  'read-record': { is: 'read-record', sfi: null, p1: 1, mode: 4, ne: 256 },
  'update-binary': { is: 'update-binary', sfi: null, offset: 0, data: [1] },
  'update-record': { is: 'update-record', sfi: null, p1: 1, mode: 4, data: [1] },
  'append-record': { is: 'append-record', sfi: null, data: [1] },
  'erase-record': { is: 'erase-record', sfi: null, p1: 1 },
  deactivate: { is: 'deactivate' },
  activate: { is: 'activate' },
  'get-response': { is: 'get-response', ne: 256 },
  proprietary: { is: 'proprietary', cla: 0x80, ins: 0x20 },
  verify: { is: 'verify', reference: 1, code: '1234', chained: false },
  query: { is: 'query', reference: 1 },
  forget: { is: 'forget', reference: 1 },
  change: { is: 'change', reference: 1, old: '1234', fresh: '5678' },
  'change-verified': { is: 'change-verified', reference: 1, fresh: '5678' },
  unblock: { is: 'unblock', reference: 1, puk: '12345678', fresh: null },
  'unblock-verified': { is: 'unblock-verified', reference: 1, fresh: null },
  require: { is: 'require', reference: 1, required: true, code: null },
  'open-channel': { is: 'open-channel', number: 0 },
  'close-channel': { is: 'close-channel', number: 1 },
  pace: { is: 'pace', password: 'CAN', value: '500540', stop: null },
  leave: { is: 'leave' },
  challenge: { is: 'challenge', ne: 16 },
  external: { is: 'external', key: 5, mac: [0] },
  'external-query': { is: 'external-query', key: 5 },
};

const ARRAYS = 'its effect on content is held against plain arrays in test/applet/data-commands-model.test.ts';
const VECTORS = 'changes nothing; answers are calculated by hand in';
const TREE = 'the model has a tree that does not change; test/applet/file-management.test.ts';
const FOR_GOOD = 'ends something for good, and a sequence with it; test/applet/file-management.test.ts';

const KEYS =
  'gives no right to a file; test/applet/authentication-commands.test.ts and test/applet/extended-access.test.ts';

/** Rows that the model does not know, each with its reason. */
const NOT_MODELLED: Readonly<Record<string, string>> = {
  'VERIFY (odd INS)': 'the same comparison as VERIFY, from a data object; test/applet/verify.test.ts',
  ENVELOPE: 'carries another command; test/applet/channels.test.ts',
  'READ BINARY (odd INS)': `${VECTORS} test/applet/binary-commands.test.ts`,
  'SEARCH BINARY': `${VECTORS} test/applet/binary-commands.test.ts`,
  'SEARCH BINARY (odd INS)': `${VECTORS} test/applet/binary-commands.test.ts`,
  'READ RECORD (odd INS)': `${VECTORS} test/applet/record-commands.test.ts`,
  'SEARCH RECORD': `${VECTORS} test/applet/search-record.test.ts`,
  'GET DATA': `${VECTORS} test/applet/data-object-commands.test.ts`,
  'GET DATA (odd INS)': `${VECTORS} test/applet/data-object-commands.test.ts`,
  'UPDATE BINARY (odd INS)': ARRAYS,
  'WRITE BINARY': ARRAYS,
  'WRITE BINARY (odd INS)': ARRAYS,
  'ERASE BINARY': ARRAYS,
  'ERASE BINARY (odd INS)': ARRAYS,
  'UPDATE RECORD (odd INS)': ARRAYS,
  'WRITE RECORD': ARRAYS,
  'PUT DATA': ARRAYS,
  'PUT DATA (odd INS)': ARRAYS,
  'CREATE FILE': TREE,
  'DELETE FILE': TREE,
  'TERMINATE DF': FOR_GOOD,
  'TERMINATE EF': FOR_GOOD,
  'TERMINATE CARD USAGE': FOR_GOOD,
  'PERFORM SECURITY OPERATION': KEYS,
  'GENERATE ASYMMETRIC KEY PAIR': KEYS,
  'INTERNAL AUTHENTICATE': KEYS,
};

it('every row of the card is a command of the model, or listed with the reason why not', () => {
  const disable: Command = { is: 'require', reference: 1, required: false, code: null };
  const modelled = new Set(
    [...Object.values(SAMPLES), disable].flatMap((each) => encode(each, 0).map((apdu) => apdu[1])),
  );
  const unknown = ISO7816_COMMANDS.filter(({ ins }) => !modelled.has(ins)).map(({ name }) => name);
  expect(unknown.sort()).toEqual(Object.keys(NOT_MODELLED).sort());
  expect(Object.values(NOT_MODELLED).filter((reason) => reason === '')).toEqual([]);
  expect([...modelled].filter((ins) => !ISO7816_COMMANDS.some((row) => row.ins === ins))).toEqual([]);
});
