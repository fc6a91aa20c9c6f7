import type { CardInterface } from '../../../src/hal/card-link.ts';
import type { CardSource } from '../../card/card-source.ts';
import { CannotRun } from '../../console/failure.ts';
import { counted } from '../../report/words.ts';
import type { CardUnderTest } from './card-under-test.ts';
import type { CardDeclaration } from './declaration.ts';
import type { ConformanceCase, Suite } from './model.ts';
import type { RenewableCard } from './open-card.ts';
import { stepsFor } from './run-case.ts';
import { selectsId } from './run-suite.ts';
import { loadSuite, type SuiteName } from './suites/index.ts';

/** The cases whose ids are named. @param only null for all @throws {CannotRun} none has such an id */
export function selectCases(suite: Suite, only: string | null): readonly ConformanceCase[] {
  const selects = selectsId(only);
  const cases = suite.cases.filter(({ id }) => selects(id));
  if (cases.length === 0) throw new CannotRun(`no case of ${suite.name} has an id like ${only}`);
  return cases;
}

/** Why no case applies: the reason of most of them, and of how many. */
export function noneApplies(declaredAs: string, reasons: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  const sentence = `no case applies to this card, declared as ${declaredAs}`;
  if (most === undefined) return sentence;
  const [reason, count] = most;
  const whose = count === reasons.length ? counted(count, 'case') : `${count} of ${counted(reasons.length, 'case')}`;
  return `${sentence}. ${whose}: ${reason}`;
}

/** What a suite would judge, as far as it can be known without the card. */
export interface Asked {
  readonly suite: SuiteName;
  readonly only: string | null;
  /** A card of ours; null: one that lies somewhere. */
  readonly card: CardSource | null;
  /** Null: as the card usually is. */
  readonly interface: CardInterface | null;
  /** File that says what the card holds; null: its profile says it. */
  readonly declare: string | null;
}

/**
 * Looks in process, before anything is sent to a reader, whether a suite has cases for a card.
 * @returns why it has none; null: it has some, or only the card itself can tell
 * @throws {CannotRun} no case has such an id, a damaged image; {ProfileError} a profile or declaration with faults
 */
export async function whyNone({ suite: name, only, card, interface: wanted, declare }: Asked): Promise<string | null> {
  const suite = await loadSuite(name);
  const cases = selectCases(suite, only);
  const declaration = await declarationOf(suite, card, wanted, declare);
  if (declaration === null) return null;
  const reasons: string[] = [];
  for (const each of cases) {
    const steps = stepsFor(each, declaration);
    if (typeof steps !== 'string') return null;
    reasons.push(steps);
  }
  return noneApplies(declaration.title, reasons);
}

/** @returns null where only the card itself can tell */
async function declarationOf(
  suite: Suite,
  source: CardSource | null,
  wanted: CardInterface | null,
  declare: string | null,
): Promise<CardDeclaration | null> {
  const { openRenewable } = await import('./open-card.ts');
  const own = source === null ? null : await openRenewable(source, wanted);
  const declared = declare === null ? null : (await import('./declaration-file.ts')).readDeclaration(declare);
  const declaration = declared ?? (own === null ? null : await declarationOfOwn(own));
  if (suite.channel !== true || declaration === null) return declaration;
  if (own === null) return null;
  // What a channel is opened with the card says itself, here a copy of it.
  const [{ withChannel }, { testTerminalKeys }, { nobleCrypto }] = await Promise.all([
    import('./terminal/find-channel.ts'),
    import('../../pki/test-hierarchy.ts'),
    import('../../../src/hal/noble/index.ts'),
  ]);
  return withChannel(declaration, await copyOf(own), testTerminalKeys(nobleCrypto()));
}

/** As its profile declares it; without one, as a copy says of itself. */
async function declarationOfOwn(own: RenewableCard): Promise<CardDeclaration> {
  const { specificationOf } = await import('./open-card.ts');
  const specification = await specificationOf(own.profile);
  if (specification !== null) {
    return (await import('./declare-profile.ts')).declareProfile(specification, own.cardInterface);
  }
  const [copy, { deriveDeclaration }] = await Promise.all([copyOf(own), import('./derive.ts')]);
  const session = await copy.begin();
  return deriveDeclaration({ session, atr: copy.atr ?? new Uint8Array(0), protocol: 'T=1' });
}

async function copyOf(own: RenewableCard): Promise<CardUnderTest> {
  const [{ InProcessCard }, { makerOf }] = await Promise.all([
    import('./card-under-test.ts'),
    import('./open-card.ts'),
  ]);
  return new InProcessCard(own.description, makerOf(own), own.seed);
}
