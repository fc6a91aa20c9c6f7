import { describe, expect, it } from 'vitest';
import { InProcessCard } from '../../../../../rig/judge/conform/card-under-test.ts';
import type { CardDeclaration } from '../../../../../rig/judge/conform/declaration.ts';
import { declareProfile } from '../../../../../rig/judge/conform/declare-profile.ts';
import type { CaseResult } from '../../../../../rig/judge/conform/model.ts';
import { countVerdicts } from '../../../../../rig/judge/conform/model.ts';
import { makerOf, openRenewable, specificationOf } from '../../../../../rig/judge/conform/open-card.ts';
import { runSuite, selectsId } from '../../../../../rig/judge/conform/run-suite.ts';
import { loadSuite, type SuiteName } from '../../../../../rig/judge/conform/suites/index.ts';
import { withChannel } from '../../../../../rig/judge/conform/terminal/find-channel.ts';
import { testTerminalKeys } from '../../../../../rig/pki/test-hierarchy.ts';
import type { CardSpecification } from '../../../../../src/applet/image/specification.ts';
import type { LinkedCard } from '../../../../../src/hal/card-link.ts';
import { nobleCrypto } from '../../../../../src/hal/noble/index.ts';
import { TerminalAuthenticationChip } from '../../../../../src/secure-channel/index.ts';

const crypto = nobleCrypto();
const eac = await openRenewable({ kind: 'profile', name: 'eac' }, null);
const card = new InProcessCard('eac', makerOf(eac));
const declared = declareProfile((await specificationOf('eac')) as CardSpecification, eac.cardInterface);
const declaration: CardDeclaration = await withChannel(declared, card, testTerminalKeys(crypto));

async function judge(suite: SuiteName, only: string | null = null): Promise<readonly CaseResult[]> {
  const cases = (await loadSuite(suite)).cases.filter(({ id }) => selectsId(only)(id));
  return runSuite(cases, card, { declaration, destructive: true, signal: new AbortController().signal }, () => {});
}

const wrong = (results: readonly CaseResult[]): string[] =>
  results
    .filter(({ verdict }) => verdict === 'fail' || verdict === 'inconclusive')
    .map(({ id, verdict, reason }) => `${verdict} ${id}: ${reason}`);

describe('the profile eac', () => {
  it.each<[SuiteName, number]>([
    ['sm', 90],
    ['pace', 101],
    ['eac', 71],
  ])('%s: nothing fails, and all %i cases are judged', { timeout: 600_000 }, async (suite, all) => {
    const results = await judge(suite);
    expect(wrong(results)).toEqual([]);
    expect(countVerdicts(results).pass).toBe(all);
  });
});

/** Cards of ours whose part in terminal authentication is wrong in one way. */
describe('a card that', () => {
  type Prototype = {
    verifyCertificate: (data: Uint8Array) => number;
    authenticate: (signature: Uint8Array) => number;
    setTemplate: (template: object) => number;
    challenge: () => Uint8Array;
  };
  const prototype = TerminalAuthenticationChip.prototype as unknown as Prototype;

  /** Runs one case with one method of the chip replaced. */
  async function verdictWith<K extends keyof Prototype>(
    id: string,
    name: K,
    replace: (right: Prototype[K]) => Prototype[K],
  ): Promise<string> {
    const right = prototype[name];
    prototype[name] = replace(right);
    try {
      return (await judge('eac', id))[0]!.verdict;
    } finally {
      prototype[name] = right;
    }
  }

  it.each(['ECC-001', 'ECC-003', 'ECC-010', 'ECN-005', 'ECS-001', 'ECS-003', 'ECI-002', 'ECI-004'])(
    'takes any certificate: %s',
    async (id) => {
      const lenient = (right: Prototype['verifyCertificate']): Prototype['verifyCertificate'] =>
        function (this: unknown, data: Uint8Array): number {
          right.call(this as Prototype, data);
          return 0x9000;
        };
      expect(await verdictWith(id, 'verifyCertificate', lenient)).toBe('fail');
    },
  );

  it.each(['ESG-001', 'ESG-003', 'ESG-007', 'ESG-008', 'EOR-003'])('takes any signature: %s', async (id) => {
    const lenient = (): Prototype['authenticate'] => () => 0x9000;
    expect(await verdictWith(id, 'authenticate', lenient)).toBe('fail');
  });

  it.each(['EOR-001', 'EOR-002', 'EOR-010'])('takes any terminal key: %s', async (id) => {
    const lenient = (): Prototype['setTemplate'] => () => 0x9000;
    expect(await verdictWith(id, 'setTemplate', lenient)).toBe('fail');
  });

  it('gives the same challenge again: EOR-008', async () => {
    const repeated = (right: Prototype['challenge']): Prototype['challenge'] =>
      function (this: unknown): Uint8Array {
        right.call(this as Prototype);
        return new Uint8Array(8).fill(9);
      };
    expect(await verdictWith('EOR-008', 'challenge', repeated)).toBe('fail');
  });

  /** What the card answers in clear, or its protected answers as a wrong rule would make them: by another image. */
  it.each([
    ['reads to everybody in its channel', ['EAR-004', 'EAR-005', 'EAR-006', 'EAR-009'], 0x40],
    ['reads to everybody', ['EAR-007', 'EAR-008'], 0x00],
    ['reads to nobody', ['EAR-003'], 0xff],
  ] as const)(
    '%s',
    async (_, ids, byte) => {
      const open = await wrongRules(byte);
      for (const id of ids) {
        const cases = (await loadSuite('eac')).cases.filter((each) => each.id === id);
        const settings = { declaration, destructive: true, signal: new AbortController().signal };
        const [result] = await runSuite(cases, new InProcessCard('wrong', open), settings, () => {});
        expect(result!.verdict, id).toBe('fail');
      }
    },
    60_000,
  );
});

/** The same card with one security condition for all files of its application. */
async function wrongRules(byte: number): Promise<() => LinkedCard> {
  const [{ personalise }, { Card }, { MemoryNvm }, { VirtualClock }, { SeededRandom }] = await Promise.all([
    import('../../../../../src/applet/image/personalise.ts'),
    import('../../../../../src/applet/card.ts'),
    import('../../../../../src/hal/nvm/memory.ts'),
    import('../../../../../src/hal/virtual/clock.ts'),
    import('../../../../../src/hal/virtual/random.ts'),
  ]);
  const specification = (await specificationOf('eac')) as CardSpecification;
  const children = specification.masterFile.children.map((child) =>
    child.kind !== 'directory'
      ? child
      : {
          ...child,
          children: child.children.map((file) => ({
            ...file,
            access: { ...file.access, contactless: file.access.contactless.map((old, at) => (at === 0 ? byte : old)) },
          })),
        },
  );
  const masterFile = { ...specification.masterFile, children } as CardSpecification['masterFile'];
  const image = personalise({ ...specification, masterFile }, crypto);
  return () =>
    new Card({
      nvm: new MemoryNvm(image),
      clock: new VirtualClock(),
      crypto,
      random: new SeededRandom('wrong'),
      onFault: () => {},
    }).port(eac.cardInterface);
}
