import fc from 'fast-check';
import { KEYS, rightMac } from './key-model.ts';
import { CODES, type CodePlan, directoriesOf, FILES, type PasswordId, PROPRIETARY } from './plan.ts';
import type { Command } from './step.ts';

/** Single commands, as random as they can be and still mean something. */

const NAMES = ['4D4F44454C31', '4D4F44454C3132', '4D4F44454C', '4D', '4D4F44454C33', '4D4F44454C313233', 'A000000001'];
const FIDS = [0x3f00, ...directoriesOf().map(({ fid }) => fid), ...FILES.map(({ fid }) => fid), 0x0a0a];
const VALUES = [...CODES.map(({ value }) => value), '55555', '777777', '123', '123456789'];

/** Passwords of PACE. */
export const PASSWORDS: readonly CodePlan[] = CODES.filter(({ password }) => password !== undefined);

const answer = fc.constantFrom(3, 3, 0, 1, 2);
const sfi = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 8 }) },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant(0) },
);
export const ne: fc.Arbitrary<number> = fc.constantFrom(256, 256, 256, 1, 4, 10);
const offset = fc.constantFrom(0, 0, 0, 1, 2, 7, 200, 255);
/** Le where no answer has data: none, or one that the card takes no notice of. */
const idleNe = fc.constantFrom(0, 0, 256, 8);
const reference = fc.constantFrom(0x81, 0x81, 0x81, 0x01, 0x82, 0x83, 0x84);
const value = fc.constantFrom(...VALUES);
const fresh = fc.option(value);
const number = fc.integer({ min: 0, max: 7 });
const marks = fc.oneof(
  // The length that a file of records of this card takes, mostly.
  fc.constantFrom(6, 3, 4, 2, 1, 9).map((length) => Array.from({ length }, (_, i) => i)),
  fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 12 }),
);

export const select: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      is: fc.constant('select-name' as const),
      name: fc.constantFrom(...NAMES.slice(0, 2)),
      occurrence: fc.constant(0),
      answer,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('select-name' as const),
      name: fc.constantFrom(...NAMES),
      occurrence: fc.integer({ min: 0, max: 3 }),
      answer,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      is: fc.constant('select' as const),
      how: fc.constantFrom('any' as const, 'any' as const, 'child-df' as const, 'child-ef' as const),
      fid: fc.constantFrom(...FIDS),
      answer,
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('select-parent' as const), answer }) },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('select-path' as const),
      from: fc.constantFrom('mf' as const, 'df' as const),
      path: fc.oneof(
        fc.constantFrom([0x6000, 0x6100, 0x6101], [0x6000, 0x6008], [0x7000, 0x7001], [0x6100]),
        fc.array(fc.constantFrom(...FIDS.slice(2)), { minLength: 1, maxLength: 3 }),
      ),
      answer,
    }),
  },
);

export const read: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ is: fc.constant('read-binary' as const), sfi, offset, ne }),
  fc.record({
    is: fc.constant('read-record' as const),
    sfi,
    p1: number,
    mode: fc.constantFrom(4, 4, 0, 1, 2, 3, 5, 6, 7),
    ne,
  }),
);

export const write: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ is: fc.constant('update-binary' as const), sfi, offset, data: marks }),
  fc
    .record({ mode: fc.constantFrom(4, 4, 0, 1, 2, 3), sfi, p1: number, data: marks })
    // By first, last, next and previous, P1 is 00 for this command.
    .map((fields) => ({ is: 'update-record' as const, ...fields, p1: fields.mode < 4 ? 0 : fields.p1 })),
  fc.record({ is: fc.constant('append-record' as const), sfi, data: marks }),
  fc.record({ is: fc.constant('erase-record' as const), sfi, p1: fc.integer({ min: 1, max: 6 }) }),
);

/** The code as the card was made with it. */
const rightCode: fc.Arbitrary<Command> = fc
  .record({ code: fc.constantFrom(...CODES), chained: fc.boolean(), ne: idleNe })
  .map(({ code, chained, ne: le }) => ({
    is: 'verify' as const,
    reference: code.reference,
    code: code.value,
    chained,
    ne: le,
  }));

export const withCode: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: rightCode },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant('verify' as const),
      reference,
      code: value,
      chained: fc.boolean(),
      ne: idleNe,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ is: fc.constantFrom('query' as const, 'forget' as const), reference, ne: idleNe }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('change' as const), reference, old: value, fresh: value }) },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('change-verified' as const), reference, fresh: value }) },
  {
    weight: 2,
    arbitrary: fc.record({
      is: fc.constant('unblock' as const),
      reference,
      puk: fc.constantFrom('12345678', ...VALUES),
      fresh,
    }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('unblock-verified' as const), reference, fresh }) },
  {
    weight: 1,
    arbitrary: fc.record({
      is: fc.constant('require' as const),
      reference: fc.constantFrom(0x83, 0x83, 0x81),
      required: fc.boolean(),
      code: fc.option(fc.constantFrom('0000', ...VALUES)),
    }),
  },
);

export const channels: fc.Arbitrary<Command> = fc.record({
  is: fc.constantFrom('open-channel' as const, 'open-channel' as const, 'close-channel' as const),
  number: fc.integer({ min: 0, max: 5 }),
});

export const MACS: readonly (readonly number[])[] = [...KEYS.map(rightMac), new Array<number>(16).fill(0)];
const keyReference = fc.constantFrom(0x05, 0x85, 0x85, 0x81, 0x06);
const authentication: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ is: fc.constant('challenge' as const), ne: fc.constantFrom(16, 16, 16, 8, 256, 4) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ is: fc.constant('external' as const), key: keyReference, mac: fc.constantFrom(...MACS) }),
  },
  { weight: 1, arbitrary: fc.record({ is: fc.constant('external-query' as const), key: keyReference }) },
);

/** The classes of the application that has some, and classes that no application has. */
const proprietaryClass = fc.constantFrom(...PROPRIETARY.classes, ...PROPRIETARY.classes, 0x84, 0x90, 0xfc);

const proprietary: fc.Arbitrary<Command> = fc.record({
  is: fc.constant('proprietary' as const),
  cla: proprietaryClass,
  // Among those that it has not: SELECT and MANAGE CHANNEL, which are interindustry alone.
  ins: fc.constantFrom(...PROPRIETARY.instructions, 0xa4, 0x70, 0x5a),
});

export const switching: fc.Arbitrary<Command> = fc.record({
  is: fc.constantFrom('activate' as const, 'activate' as const, 'deactivate' as const),
});

/** Mostly with the value that the card was made with. */
export const pace: fc.Arbitrary<Command> = fc
  .record({
    password: fc.constantFrom(...PASSWORDS, ...PASSWORDS.filter(({ password }) => password === 'PIN')),
    wrong: fc.option(fc.constantFrom('000000', '654321', '98765432'), { freq: 2 }),
    stop: fc.option(fc.integer({ min: 1, max: 4 }), { freq: 6 }),
  })
  .map(({ password: { password, value }, wrong, stop }) => ({
    is: 'pace' as const,
    password: password as PasswordId,
    value: wrong ?? value,
    stop,
  }));

/** What is done with the passwords inside a channel. */
export const managed: fc.Arbitrary<Command> = fc.record({
  is: fc.constantFrom('unblock-verified' as const, 'change-verified' as const),
  reference: fc.constantFrom(0x03, 0x03, 0x03, 0x02, 0x04),
  fresh: fc.constantFrom('654321', '123456', '12345', '98765432'),
});
export const unblocked: fc.Arbitrary<Command> = fc.constant({ is: 'unblock-verified', reference: 0x03, fresh: null });
export const inPieces: fc.Arbitrary<Command> = fc.record({ is: fc.constant('get-response' as const), ne });
export const leave: fc.Arbitrary<Command> = fc.constant({ is: 'leave' });

export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: select },
  { weight: 10, arbitrary: read },
  { weight: 4, arbitrary: write },
  { weight: 8, arbitrary: withCode },
  {
    weight: 1,
    arbitrary: fc.oneof(
      { weight: 2, arbitrary: fc.record({ is: fc.constant('get-response' as const), ne }) },
      { weight: 1, arbitrary: fc.record({ is: fc.constant('get-response' as const), ne, cla: proprietaryClass }) },
    ),
  },
  { weight: 1, arbitrary: proprietary },
  { weight: 2, arbitrary: channels },
  { weight: 2, arbitrary: fc.oneof(pace, pace, managed, unblocked, leave) },
  { weight: 2, arbitrary: switching },
  { weight: 2, arbitrary: authentication },
);
