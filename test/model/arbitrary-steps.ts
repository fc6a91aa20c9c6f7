import fc from 'fast-check';
import { KEYS, rightMac } from './key-model.ts';
import { CODES, directoriesOf, FILES, type FilePlan, type Operation, PROPRIETARY, pathTo } from './plan.ts';
import { CARD_INTERFACES, type CardInterface, type Rule } from './rule.ts';
import type { Command, Step } from './step.ts';

/** Random steps, weighted so that most sequences get somewhere: an application selected, a code right, a file read. */

const NAMES = ['4D4F44454C31', '4D4F44454C3132', '4D4F44454C', '4D', '4D4F44454C33', '4D4F44454C313233', 'A000000001'];
const FIDS = [0x3f00, ...directoriesOf().map(({ fid }) => fid), ...FILES.map(({ fid }) => fid), 0x0a0a];
const VALUES = [...CODES.map(({ value }) => value), '55555', '777777', '123', '123456789'];

const answer = fc.constantFrom(3, 3, 0, 1, 2);
const sfi = fc.oneof(
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 8 }) },
  { weight: 2, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: fc.constant(0) },
);
const ne = fc.constantFrom(256, 256, 256, 1, 4, 10);
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

const select: fc.Arbitrary<Command> = fc.oneof(
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

const read: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ is: fc.constant('read-binary' as const), sfi, offset, ne }),
  fc.record({
    is: fc.constant('read-record' as const),
    sfi,
    p1: number,
    mode: fc.constantFrom(4, 4, 0, 1, 2, 3, 5, 6, 7),
    ne,
  }),
);

const write: fc.Arbitrary<Command> = fc.oneof(
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

const withCode: fc.Arbitrary<Command> = fc.oneof(
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

const channels: fc.Arbitrary<Command> = fc.record({
  is: fc.constantFrom('open-channel' as const, 'open-channel' as const, 'close-channel' as const),
  number: fc.integer({ min: 0, max: 5 }),
});

const MACS = [...KEYS.map(rightMac), new Array<number>(16).fill(0)];
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

const switching: fc.Arbitrary<Command> = fc.record({
  is: fc.constantFrom('activate' as const, 'activate' as const, 'deactivate' as const),
});

const command: fc.Arbitrary<Command> = fc.oneof(
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
  { weight: 1, arbitrary: channels },
  { weight: 2, arbitrary: switching },
  { weight: 2, arbitrary: authentication },
);

const cardInterface = fc.oneof(
  { weight: 4, arbitrary: fc.constant('contact' as const) },
  { weight: 1, arbitrary: fc.constantFrom(...CARD_INTERFACES) },
);
const channel = fc.oneof(
  { weight: 9, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 5 }) },
);

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ do: fc.constant('command' as const), cardInterface, channel, command }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom('reset' as const, 'power-on' as const, 'field-off' as const, 'deselect' as const),
      cardInterface,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'reboot' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('wait' as const), seconds: fc.constantFrom(1, 30, 59, 60, 61) }),
  },
);

/** Files with what opens them: where they are, and the codes to present first. */
const WAYS = FILES.map((file) => ({
  path: pathTo(file),
  file,
  codes: CODES.filter(({ id }) =>
    (['read', 'update', 'append', 'activate'] as const).some((each) => mentions(file, each, id)),
  ),
}));

/** Steps that belong together, so that a sequence comes to what chance alone would seldom find. */
const phrase: fc.Arbitrary<Step[]> = fc
  .record({
    cardInterface,
    channel,
    way: fc.constantFrom(...WAYS),
    commands: fc.array(fc.oneof(read, write, switching), { minLength: 1, maxLength: 6 }),
    scene: fc.nat(9),
  })
  .map(({ cardInterface, channel, way, commands, scene }) => {
    const on = (where: CardInterface, command: Command): Step => ({
      do: 'command',
      cardInterface: where,
      channel,
      command,
    });
    const select: Command = { is: 'select-path', from: 'mf', path: way.path, answer: 3 };
    const present = way.codes.map(
      ({ reference, value: code }): Command => ({ is: 'verify', reference, code, chained: false }),
    );
    // Now and then the holder unlocks the phone first, or somebody tries wrong codes.
    const unlock = scene < 2 ? [select, ...present].map((each) => on('wired', each)) : [];
    const wrong: Command = { is: 'verify', reference: way.codes[0]?.reference ?? 0x01, code: '5555', chained: false };
    const guesses = scene === 9 ? [select, wrong, wrong, wrong, wrong].map((each) => on(cardInterface, each)) : [];
    const own = commands.map((each) => onCurrentFile(each, way.file));
    return [
      ...unlock,
      ...guesses,
      ...[select, ...present, ...own].map((each) => on(scene < 2 ? 'contactless' : cardInterface, each)),
    ];
  });

/** Record files that take records until they are full. */
const FILLED = WAYS.filter(
  ({ file }) => file.structure.startsWith('linear') && file.rules.append.contact.is === 'code',
);

const filling: fc.Arbitrary<Step[]> = fc
  .record({ cardInterface, way: fc.constantFrom(...FILLED), times: fc.integer({ min: 2, max: 5 }) })
  .map(({ cardInterface, way, times }) => {
    const append = onCurrentFile({ is: 'append-record', sfi: null, data: [] }, way.file);
    const select: Command = { is: 'select-path', from: 'mf', path: way.path, answer: 3 };
    const present = way.codes.map(
      ({ reference, value }): Command => ({ is: 'verify', reference, code: value, chained: false }),
    );
    return [select, ...present, ...Array.from({ length: times }, () => append)].map(
      (command): Step => ({ do: 'command', cardInterface, channel: 0, command }),
    );
  });

/** An answer longer than the link carries, with something or nothing between it and GET RESPONSE. */
const inParts: fc.Arbitrary<Step[]> = fc
  .record({
    channel: fc.constantFrom(0, 0, 1),
    other: fc.constantFrom(0, 1, 2),
    between: fc.option(step),
    ne,
    again: fc.boolean(),
  })
  .map(({ channel, other, between, ne, again }) => {
    const on = (number: number, command: Command): Step => ({
      do: 'command',
      cardInterface: 'contactless',
      channel: number,
      command,
    });
    return [
      ...(channel === other ? [] : [on(0, { is: 'open-channel', number: Math.max(channel, other) })]),
      on(channel, { is: 'select-path', from: 'mf', path: [0x0101], answer: 3 }),
      on(channel, { is: 'read-binary', sfi: null, offset: 0, ne: 256 }),
      ...(between === null ? [] : [between]),
      on(other, { is: 'get-response', ne }),
      ...(again ? [on(channel, { is: 'get-response', ne: 256 })] : []),
    ];
  });

/** What can be done with codes once some of them are proven. */
const codes: fc.Arbitrary<Step[]> = fc
  .record({
    cardInterface,
    proven: fc.subarray([...CODES]),
    commands: fc.array(withCode, { minLength: 1, maxLength: 5 }),
  })
  .map(({ cardInterface, proven, commands }) => {
    const present = proven.map(
      ({ reference, value }): Command => ({ is: 'verify', reference, code: value, chained: false }),
    );
    const select: Command = { is: 'select-path', from: 'mf', path: [0x6000], answer: 3 };
    return [select, ...present, ...commands].map(
      (command): Step => ({ do: 'command', cardInterface, channel: 0, command }),
    );
  });

/** A key is proven, wrongly or rightly, and what is behind it is read. */
const keys: fc.Arbitrary<Step[]> = fc
  .record({
    cardInterface,
    place: fc.constantFrom(
      { key: 0x05, path: [0x0103] },
      { key: 0x85, path: [0x6000, 0x6009] },
      { key: 0x05, path: [0x6000, 0x6005] },
    ),
    wrong: fc.constantFrom(0, 0, 0, 1, 2, 4),
    between: fc.option(step),
  })
  .map(({ cardInterface, place, wrong, between }) => {
    const on = (command: Command): Step => ({ do: 'command', cardInterface, channel: 0, command });
    const prove = (mac: readonly number[]): Step[] => [
      on({ is: 'challenge', ne: 16 }),
      on({ is: 'external', key: place.key, mac }),
    ];
    const right = rightMac(KEYS.find(({ reference }) => reference === place.key) as (typeof KEYS)[number]);
    return [
      on({ is: 'select-path', from: 'mf', path: place.path, answer: 3 }),
      ...Array.from({ length: wrong }, () => prove(MACS.at(-1) as number[])).flat(),
      ...prove(right),
      ...(between === null ? [] : [between]),
      on({ is: 'read-binary', sfi: null, offset: 0, ne: 256 }),
      on({ is: 'external-query', key: place.key }),
    ];
  });

/** The phone's window: opened on its screen, used by presentations through both interfaces, closed in several ways. */
const window: fc.Arbitrary<Step[]> = fc
  .array(
    fc.record({
      path: fc.constantFrom([0x6000, 0x6002], [0x6000, 0x6002], [0x6000, 0x6008], [0x7000, 0x7001]),
      ne: fc.constantFrom(256, 256, 4),
      before: fc.constantFrom(
        'nothing',
        'nothing',
        'reset',
        'deselect',
        'wait',
        'wrong',
        'forget',
        'own',
        'other',
        'restart',
      ),
      between: fc.constantFrom('nothing', 'nothing', 'wait', 'forget', 'wrong', 'other'),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((presentations) => {
    const on = (cardInterface: CardInterface, command: Command): Step => ({
      do: 'command',
      cardInterface,
      channel: 0,
      command,
    });
    const typed = (code: string): Step => on('wired', { is: 'verify', reference: 0x81, code, chained: false });
    const unlock = (fid: number, id: string): Step[] => [
      on('wired', { is: 'select-path', from: 'mf', path: [fid], answer: 3 }),
      typed(CODES.find((code) => code.id === id)?.value as string),
    ];
    const happening = (what: string): Step[] => {
      switch (what) {
        case 'reset':
        case 'deselect':
          return [{ do: what, cardInterface: 'contactless' }];
        case 'wait':
          return [{ do: 'wait', seconds: 31 }];
        case 'wrong':
          return [typed('5555')];
        case 'forget':
          return [on('wired', { is: 'forget', reference: 0x81 })];
        case 'own':
          return unlock(0x6000, 'own');
        case 'other':
          return unlock(0x7000, 'other');
        case 'restart':
          return [{ do: 'restart' }];
        default:
          return [];
      }
    };
    const present = ({ path, ne, before, between }: (typeof presentations)[number]): Step[] => [
      ...happening(before),
      on('contactless', { is: 'select-path', from: 'mf', path, answer: 3 }),
      on(
        'contactless',
        path[0] === 0x6000
          ? { is: 'read-record', sfi: null, p1: 1, mode: 5, ne }
          : { is: 'read-binary', sfi: null, offset: 0, ne },
      ),
      ...happening(between),
      on('contactless', { is: 'get-response', ne: 256 }),
    ];
    return [...unlock(0x6000, 'own'), ...presentations.flatMap(present)];
  });

/** The same command on the current file, with data as long as its records. */
function onCurrentFile(command: Command, file: FilePlan): Command {
  if (!('sfi' in command)) return command;
  const transparent = file.structure === 'transparent';
  const data = Array.from({ length: Math.min(file.recordSize, transparent ? 12 : 255) }, (_, i) => i);
  switch (command.is) {
    case 'read-binary':
    case 'read-record':
      return transparent
        ? { is: 'read-binary', sfi: null, offset: 0, ne: command.ne }
        : { is: 'read-record', sfi: null, p1: 1, mode: 4, ne: command.ne };
    case 'update-binary':
    case 'update-record':
      return transparent
        ? { is: 'update-binary', sfi: null, offset: 0, data }
        : { is: 'update-record', sfi: null, p1: 2, mode: 4, data };
    case 'append-record':
      return { ...command, sfi: null, data };
    default:
      return { ...command, sfi: null };
  }
}

function mentions(file: FilePlan, operation: Operation, code: string): boolean {
  const inRule = (rule: Rule): boolean =>
    rule.is === 'code' || rule.is === 'holder' ? rule.code === code : 'of' in rule && rule.of.some(inRule);
  return CARD_INTERFACES.some((each) => inRule(file.rules[operation][each]));
}

export const steps: fc.Arbitrary<Step[]> = fc
  .array(
    fc.oneof(
      { weight: 48, arbitrary: step.map((each) => [each]) },
      { weight: 8, arbitrary: phrase },
      { weight: 1, arbitrary: inParts },
      { weight: 1, arbitrary: filling },
      { weight: 3, arbitrary: window },
      { weight: 3, arbitrary: codes },
      { weight: 3, arbitrary: keys },
    ),
    {
      minLength: 1,
      maxLength: 24,
      size: 'max',
    },
  )
  .map((parts) => parts.flat());
