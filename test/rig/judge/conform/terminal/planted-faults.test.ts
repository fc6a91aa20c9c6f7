import { describe, expect, it } from 'vitest';
import { InProcessCard } from '../../../../../rig/judge/conform/card-under-test.ts';
import { parseDeclaration } from '../../../../../rig/judge/conform/declaration-file.ts';
import { declareProfile } from '../../../../../rig/judge/conform/declare-profile.ts';
import { runSuite, selectsId } from '../../../../../rig/judge/conform/run-suite.ts';
import { loadSuite, type SuiteName } from '../../../../../rig/judge/conform/suites/index.ts';
import { withChannel } from '../../../../../rig/judge/conform/terminal/find-channel.ts';
import { fromHex, toHex } from '../../../../../src/apdu/index.ts';
import { bootPace, paceSpecification } from '../../../../applet/pace-card.ts';
import { MeddlingCard } from '../scripted-card.ts';
import { CountingChip, type Leniency, LenientChip, MAC, withMac } from './lenient-chip.ts';
import { SMALL_DECLARATION, SmallCard, SmallChip } from './small-chip.ts';

/** The suites must be able to fail: cards that are wrong in one way each, and a case that sees it. */

let seed = 0;
const declared = parseDeclaration(SMALL_DECLARATION, 'small.yaml');

/** Verdict of a case on a card, which is asked beforehand what it offers, as it is when it is right. */
async function verdictOf(suite: SuiteName, id: string, card: InProcessCard, declaration = declared): Promise<string> {
  const right = declaration === declared ? new InProcessCard('right', () => new SmallCard()) : card;
  const settings = {
    declaration: await withChannel(declaration, right),
    destructive: true,
    signal: new AbortController().signal,
  };
  const cases = (await loadSuite(suite)).cases.filter((each) => selectsId(id)(each.id));
  expect(cases).toHaveLength(1);
  const [result] = await runSuite(cases, card, settings, () => {});
  return result!.verdict;
}

const small = (make: () => SmallChip): InProcessCard => new InProcessCard('small', () => new SmallCard(make));
const pass = (suite: SuiteName, id: string): Promise<string> =>
  verdictOf(
    suite,
    id,
    small(() => new SmallChip(undefined, `${seed++}`)),
  );

describe('a card that overlooks in a protected command', () => {
  const order = [0x87, 0x85, 0x97, 0x99];
  it.each<[string, readonly string[], Leniency]>([
    [
      'the MAC',
      ['SMM-001', 'SMM-009', 'SMM-010', 'SMM-020', 'SMM-022', 'SMS-006'],
      (own, mac) => withMac(own, mac(own)),
    ],
    [
      'all but the first four bytes of the MAC',
      ['SMM-004', 'SMM-002'],
      (own, mac) => {
        const sent = own.find(({ tag }) => tag === MAC)?.value ?? new Uint8Array(0);
        const right = mac(own);
        return toHex(sent.subarray(0, 4)) === toHex(right.subarray(0, 4)) ? withMac(own, right) : null;
      },
    ],
    [
      'that the MAC is missing',
      ['SMO-002', 'SMO-003'],
      (own, mac) => (own.some(({ tag }) => tag === MAC) ? null : withMac(own, mac(own))),
    ],
    [
      'the order of the objects',
      ['SMO-005', 'SMO-009'],
      (own, mac) => {
        const sorted = own.filter(({ tag }) => tag !== MAC).sort((a, b) => order.indexOf(a.tag) - order.indexOf(b.tag));
        return withMac(sorted, mac(sorted));
      },
    ],
    [
      'that an object comes twice',
      ['SMO-007', 'SMO-008'],
      (own, mac) => {
        const once = own.filter(({ tag }, index) => own.findIndex((each) => each.tag === tag) === index);
        return once.length === own.length ? null : withMac(once, mac(once));
      },
    ],
    [
      'objects that it does not know',
      ['SMO-013', 'SMX-004'],
      (own, mac) => {
        const known = own.filter(({ tag }) => [0x87, 0x85, 0x97, MAC].includes(tag));
        return known.length === own.length ? null : withMac(known, mac(known));
      },
    ],
    [
      'the padding-content indicator',
      ['SMP-001', 'SMP-002'],
      (own, mac) => {
        const mended = own.map(({ tag, value }) =>
          tag === 0x87 ? { tag, value: Uint8Array.of(1, ...value.subarray(1)) } : { tag, value },
        );
        return withMac(mended, mac(mended));
      },
    ],
    [
      'a DO 97 that says nothing',
      ['SMO-014'],
      (own, mac) => {
        const mended = own.map(({ tag, value }) =>
          tag === 0x97 && value.length === 0 ? { tag, value: Uint8Array.of(0) } : { tag, value },
        );
        return withMac(mended, mac(mended));
      },
    ],
  ])(
    '%s',
    async (_, ids, leniency) => {
      for (const id of ids) {
        expect(
          await verdictOf(
            'sm',
            id,
            small(() => new LenientChip(leniency, `${seed++}`)),
          ),
          id,
        ).toBe('fail');
        expect(await pass('sm', id), id).toBe('pass');
      }
    },
    120_000,
  );

  it.each<[string, string, number, number]>([
    ['a counter that was not raised', 'SMS-001', -1, 0],
    ['a counter that skips one', 'SMS-002', 0, 1],
    ['a counter that skips many', 'SMS-004', 0, 300],
    ['a counter that goes back', 'SMS-003', -2, 0],
  ])('%s', async (_, id, from, to) => {
    expect(
      await verdictOf(
        'sm',
        id,
        small(() => new CountingChip(from, to, `${seed++}`)),
      ),
    ).toBe('fail');
    expect(await pass('sm', id)).toBe('pass');
  });
});

/** A small chip whose exchanges go through somebody else's hands. */
class MeddledChip extends SmallChip {
  readonly meddle: Meddle;

  constructor(meddle: Meddle, chipSeed: string) {
    super(undefined, chipSeed);
    this.meddle = meddle;
  }

  override exchange(bytes: Uint8Array): Uint8Array {
    return fromHex(this.meddle(toHex(bytes), () => toHex(super.exchange(bytes)), this));
  }
}

type Meddle = (command: string, answer: () => string, chip: SmallChip) => string;

const isStep = (command: string, tag: string): boolean =>
  command.slice(2, 4) === '86' && (command.slice(14, 16) === tag || command.slice(16, 18) === tag);

describe('a card that', () => {
  it.each<[string, SuiteName, string, Meddle]>([
    [
      'stays in its channel after a wrong MAC',
      'sm',
      'SMM-001',
      (command, answer, chip) => {
        // It judges the MAC and forgets to end the session: nothing of the command reaches it.
        return command.startsWith('0C') && chip.session !== null && wrongMac(command, chip) ? '6988' : answer();
      },
    ],
    [
      'answers a plain command inside its channel and stays in it',
      'sm',
      'SMC-042',
      (command, answer, chip) => {
        const { session } = chip;
        if (session === null || !command.startsWith('00')) return answer();
        chip.session = null;
        const given = answer();
        chip.session = session;
        return given;
      },
    ],
    [
      'answers a refusal of the plain command in clear',
      'sm',
      'SMC-020',
      (command, answer) => {
        const given = answer();
        return command.startsWith('0CA4') && given.endsWith('6A82') ? '6A82' : given;
      },
    ],
    [
      'leaves the status word out of its protected answers',
      'sm',
      'SMC-001',
      (command, answer) => {
        const given = answer();
        return command.startsWith('0C') ? given.replace('99029000', '') : given;
      },
    ],
    [
      'says another status word outside than inside',
      'sm',
      'SMC-001',
      (command, answer) => {
        const given = answer();
        return command.startsWith('0C') ? given.replace(/9000$/, '6282') : given;
      },
    ],
    [
      'answers in clear inside its channel',
      'sm',
      'SMC-001',
      (command, answer) => {
        const given = answer();
        return command.startsWith('0CB0') ? '310000009000' : given;
      },
    ],
    [
      'gives in clear what only a channel may read',
      'sm',
      'SMC-041',
      (command, answer) => (command === '00B0850000' ? '545558549000' : answer()),
    ],
    [
      'takes a command of an earlier channel',
      'sm',
      'SMS-007',
      (command, answer) => {
        const given = answer();
        return command.startsWith('0C') && given === '6988' ? '9000' : given;
      },
    ],
    [
      'believes any token',
      'pace',
      'PTK-001',
      (command, answer) => {
        const given = answer();
        return isStep(command, '85') && given === '6300' ? '7C0A860800000000000000009000' : given;
      },
    ],
    [
      'believes a token of seven bytes',
      'pace',
      'PTK-004',
      (command, answer) => {
        const given = answer();
        return isStep(command, '85') && given === '6300' ? '9000' : given;
      },
    ],
    [
      'takes a wrong CAN',
      'pace',
      'PPW-001',
      (_, answer) => {
        const given = answer();
        return given === '6300' ? '9000' : given;
      },
    ],
    [
      'takes infinity for a mapping key',
      'pace',
      'PPM-001',
      (command, answer) => {
        const given = answer();
        return isStep(command, '81') && given !== '6985' && !given.endsWith('9000') ? '9000' : given;
      },
    ],
    [
      'takes a point off the curve for an ephemeral key',
      'pace',
      'PPE-003',
      (command, answer) => {
        const given = answer();
        return isStep(command, '83') && !given.endsWith('9000') ? '9000' : given;
      },
    ],
    [
      'has a wrong token of its own',
      'pace',
      'PMS-001',
      (command, answer) => {
        const given = answer();
        return isStep(command, '85') && given.endsWith('9000')
          ? `7C0A8608${given.slice(8, 22)}${given.slice(22, 24) === '00' ? '01' : '00'}9000`
          : given;
      },
    ],
    [
      'gives its nonce before MSE:Set AT',
      'pace',
      'POR-001',
      (_, answer) => {
        const given = answer();
        return given === '6985' ? `7C128010${'11'.repeat(16)}9000` : given;
      },
    ],
    [
      'takes any protocol',
      'pace',
      'PMS-018',
      (command, answer) => {
        const given = answer();
        return command.startsWith('0022') && given === '6A80' ? '9000' : given;
      },
    ],
    [
      'takes any domain parameters',
      'pace',
      'PMS-016',
      (command, answer) => {
        const given = answer();
        return command.startsWith('0022') && given === '6A88' ? '9000' : given;
      },
    ],
    [
      'takes objects that come twice',
      'pace',
      'PMS-030',
      (command, answer) => {
        const given = answer();
        return command.startsWith('0022') && given === '6A80' ? '9000' : given;
      },
    ],
    [
      'goes on after a wrong token',
      'pace',
      'PTK-011',
      (command, answer) => {
        const given = answer();
        return isStep(command, '85') && given === '6985' ? '9000' : given;
      },
    ],
    [
      'says nothing of a wrong P1',
      'pace',
      'POR-021',
      (_, answer) => {
        const given = answer();
        return given === '6A86' ? '9000' : given;
      },
    ],
  ])('%s', async (_, suite, id, meddle) => {
    expect(
      await verdictOf(
        suite,
        id,
        small(() => new MeddledChip(meddle, `${seed++}`)),
      ),
    ).toBe('fail');
    expect(await pass(suite, id)).toBe('pass');
  });

  it.each(['PFR-001', 'PFR-002'])('draws the same numbers in each run: %s', async (id) => {
    const repeated = (): SmallChip => {
      const chip = new SmallChip(undefined, 'once');
      Object.assign(chip.options.random, {
        fill: (target: Uint8Array, offset: number, length: number) => target.fill(0x5a, offset, offset + length),
      });
      return chip;
    };
    expect(await verdictOf('pace', id, small(repeated))).toBe('fail');
    expect(await pass('pace', id)).toBe('pass');
  });

  it('keeps its channel over a reset', async () => {
    const chip = new SmallChip(undefined, `${seed++}`);
    for (const id of ['SMC-043', 'SMC-044'])
      expect(
        await verdictOf(
          'sm',
          id,
          small(() => chip),
        ),
        id,
      ).toBe('fail');
  });

  it('keeps its run over a loss of power', async () => {
    const chip = new SmallChip(undefined, `${seed++}`);
    expect(
      await verdictOf(
        'pace',
        'POR-042',
        small(() => chip),
      ),
    ).toBe('fail');
  });
});

describe('a card of ours that counts tries wrong', () => {
  const ours = declareProfile(paceSpecification(), 'contactless');
  it.each<[string, string, (command: string, answer: string) => string]>([
    ['tells all tries after a wrong PIN', 'PPW-020', (_, answer) => (answer === '63C2' ? '9000' : answer)],
    ['does not suspend its PIN', 'PPW-021', (_, answer) => (answer === '63C1' ? '9000' : answer)],
    ['tells tries of a PIN that is blocked', 'PPW-023', (_, answer) => (answer === '63C0' ? '63C3' : answer)],
    ['unblocks its PIN in clear', 'PPW-025', (command, answer) => (command === '002C0303' ? '9000' : answer)],
  ])('%s', async (_, id, change) => {
    const meddled = new InProcessCard('ours', () => new MeddlingCard(bootPace({ seed: `${seed++}` }).port, change));
    const right = new InProcessCard('ours', () => bootPace({ seed: `${seed++}` }).port);
    expect(await verdictOf('pace', id, meddled, ours)).toBe('fail');
    expect(await verdictOf('pace', id, right, ours)).toBe('pass');
  });
});

/** Whether the MAC at the end of a READ BINARY is another than the card would compute. */
function wrongMac(command: string, chip: SmallChip): boolean {
  const bytes = fromHex(command);
  const session = chip.session!;
  const data = bytes.subarray(5, 5 + bytes[4]!);
  const before = Uint8Array.from(session.counter);
  session.begin();
  session.authenticate(bytes, 0, 4);
  session.padAuthenticated();
  session.authenticate(data, 0, data.length - 10);
  session.padAuthenticated();
  const mac = new Uint8Array(8);
  session.checksum(mac, 0);
  session.counter.set(before);
  return toHex(mac) !== toHex(data.subarray(data.length - 8));
}
