import { setImmediate } from 'node:timers/promises';
import { HalError } from '../../../src/hal/errors.ts';
import { AnswerNotBelieved, type CardUnderTest, NotCarried } from './card-under-test.ts';
import type { CardDeclaration, Part } from './declaration.ts';
import type { CaseResult, ConformanceCase } from './model.ts';
import { restoreCard, type Spoilt } from './restore.ts';
import { endsRun, headerOf, LINK_DIED, type RunSettings, runCase } from './run-case.ts';

/** Cases in a row that a dead link may cost before the rest is given up. */
const MOST_DEATHS = 5;

/**
 * Runs cases one after the other.
 * @param onResult told of each as it is there
 * @returns the results; fewer than there are cases when the signal fired
 * @throws {HalError} the card cannot be reached at all; `no-service`, {LinkIsGone}: nothing can be reached any more; what was
 * judged before has been told
 */
export async function runSuite(
  cases: readonly ConformanceCase[],
  card: CardUnderTest,
  settings: RunSettings,
  onResult: (result: CaseResult, done: number) => void,
): Promise<readonly CaseResult[]> {
  // The first meeting is not a case: without a card there is nothing to judge.
  await card.begin();
  const results: CaseResult[] = [];
  const keeper = card.renewed || !settings.destructive ? null : new CardKeeper(settings.declaration, card);
  let deaths = 0;
  for (const definition of keeper === null ? cases : inGentleOrder(cases)) {
    // A card in process answers at once: without a pause nobody would hear of Ctrl-C.
    await setImmediate();
    if (settings.signal.aborted) break;
    const result =
      deaths < MOST_DEATHS
        ? await runOrStop(definition, card, settings, keeper)
        : inconclusive(definition, 'the link had died before and did not come back');
    if (result === null) break;
    if (result.exchanges === 0 && result.reason.startsWith(LINK_DIED)) deaths++;
    else if (result.exchanges > 0) deaths = 0;
    results.push(result);
    onResult(result, results.length);
  }
  return inSuiteOrder(cases, results);
}

/** Results of some of the cases as the suite has them. */
export function inSuiteOrder(cases: readonly ConformanceCase[], results: readonly CaseResult[]): readonly CaseResult[] {
  const order = new Map(cases.map(({ id }, i) => [id, i]));
  return [...results].sort((a, b) => (order.get(a.id) as number) - (order.get(b.id) as number));
}

/** What is not told from its header whether it can be undone: it takes room, ends something, or blocks a code. */
const FOR_GOOD = /^(APPEND RECORD|PUT DATA|CREATE|DELETE|TERMINATE)/;

/** On a card that is not renewed: what changes nothing first, what may not be undone last. The verdicts do not depend on it. */
function inGentleOrder(cases: readonly ConformanceCase[]): readonly ConformanceCase[] {
  const rank = ({ destructive, commands, statusWords }: ConformanceCase): number => {
    if (!destructive) return 0;
    if (commands.includes('TERMINATE CARD USAGE')) return 3;
    return commands.some((each) => FOR_GOOD.test(each)) || statusWords.includes('6983') ? 2 : 1;
  };
  return [...cases].sort((a, b) => rank(a) - rank(b));
}

/** Keeps a card that is not renewed as it is declared, from one case that changes it to the next. */
class CardKeeper {
  readonly #declaration: CardDeclaration;
  readonly #card: CardUnderTest;
  #spoilt: Spoilt = new Map();
  /** Whether what is known of the card is out of date. */
  #stale = true;

  constructor(declaration: CardDeclaration, card: CardUnderTest) {
    this.#declaration = declaration;
    this.#card = card;
  }

  /**
   * Restores the card where a case before has changed it.
   * @returns why the case cannot be judged on it, or null
   * @throws {HalError}
   */
  async prepare(definition: ConformanceCase): Promise<string | null> {
    if (!definition.destructive) return null;
    const used = new Set<Part>();
    if (typeof definition.bind({ ...this.#declaration, used }) === 'string') return null;
    if (this.#stale) this.#spoilt = await restoreCard(this.#declaration, this.#card);
    this.#stale = false;
    for (const part of used) {
      const why = this.#spoilt.get(part);
      if (why !== undefined) return `the card is not as it is declared any more; ${why}`;
    }
    return null;
  }

  changed(): void {
    this.#stale = true;
  }
}

/** @returns null when the signal fired in the middle of the case: then it was not judged */
async function runOrStop(
  definition: ConformanceCase,
  card: CardUnderTest,
  settings: RunSettings,
  keeper: CardKeeper | null,
): Promise<CaseResult | null> {
  try {
    const wanting = (await keeper?.prepare(definition)) ?? null;
    if (wanting !== null) return inconclusive(definition, wanting);
    const result = await runCase(definition, card, settings);
    if (definition.destructive && result.exchanges > 0) keeper?.changed();
    return result;
  } catch (error) {
    if (settings.signal.aborted) return null;
    if (error instanceof NotCarried || error instanceof AnswerNotBelieved)
      return inconclusive(definition, error.message);
    if (!(error instanceof HalError) || endsRun(error)) throw error;
    return { ...inconclusive(definition, `${LINK_DIED}: ${error.message}`), linkError: error };
  }
}

function inconclusive(definition: ConformanceCase, reason: string): CaseResult {
  return {
    ...headerOf(definition),
    verdict: 'inconclusive',
    reason,
    linkLimited: false,
    steps: [],
    reached: [],
    exchanges: 0,
    durationMs: 0,
  };
}

/** Whether an id is one of those that `SEL-*,!SEL-9*` names; without a pattern, or with exclusions alone, every one. */
export function selectsId(pattern: string | null): (id: string) => boolean {
  const parts = (pattern ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const matcher = (part: string): RegExp =>
    new RegExp(
      `^${part
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
      'i',
    );
  const wanted = parts.filter((part) => !part.startsWith('!')).map(matcher);
  const unwanted = parts.filter((part) => part.startsWith('!')).map((part) => matcher(part.slice(1)));
  return (id) =>
    (wanted.length === 0 || wanted.some((each) => each.test(id))) && !unwanted.some((each) => each.test(id));
}
