import { setImmediate } from 'node:timers/promises';
import type { CardUnderTest } from './card-under-test.ts';
import type { CaseResult, ConformanceCase, Verdict } from './model.ts';
import { type RunSettings, runCase } from './run-case.ts';

/** Cases in a row that a dead link may cost before the rest is given up. */
const MOST_DEATHS = 5;

/**
 * Runs cases one after the other.
 * @param onResult told of each as it is there
 * @returns the results; fewer than there are cases when the signal fired
 * @throws {HalError} the card cannot be reached at all
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
  let deaths = 0;
  for (const definition of cases) {
    // A card in process answers at once: without a pause nobody would hear of Ctrl-C.
    await setImmediate();
    if (settings.signal.aborted) break;
    const result = deaths < MOST_DEATHS ? await runOrStop(definition, card, settings) : givenUp(definition);
    if (result === null) break;
    if (result.verdict === 'inconclusive' && result.exchanges === 0) deaths++;
    else if (result.exchanges > 0) deaths = 0;
    results.push(result);
    onResult(result, results.length);
  }
  return results;
}

/** @returns null when the signal fired in the middle of the case: then it was not judged */
async function runOrStop(
  definition: ConformanceCase,
  card: CardUnderTest,
  settings: RunSettings,
): Promise<CaseResult | null> {
  try {
    return await runCase(definition, card, settings);
  } catch (error) {
    if (settings.signal.aborted) return null;
    throw error;
  }
}

function givenUp({ id, title, standard, commands, statusWords, destructive }: ConformanceCase): CaseResult {
  return {
    ...{ id, title, standard, commands, statusWords, destructive },
    verdict: 'inconclusive',
    reason: 'the link had died before and did not come back',
    linkLimited: false,
    steps: [],
    reached: [],
    exchanges: 0,
  };
}

/** How many results there are of each verdict. */
export function countVerdicts(results: readonly CaseResult[]): Readonly<Record<Verdict, number>> {
  const counts = { pass: 0, fail: 0, inconclusive: 0, 'not-applicable': 0 };
  for (const { verdict } of results) counts[verdict]++;
  return counts;
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
