import type { RecordedSession } from './recorded-session.ts';

/** One rule that was learnt; text of a rule file. */
export interface LearntRule {
  readonly command: string;
  /** null: in any state. */
  readonly states: readonly string[] | null;
  /** In turn. `null`: random bytes of that length, with the status word. */
  readonly answers: readonly string[];
  readonly random: { readonly length: number; readonly status: string } | null;
  readonly next: string | null;
  /** What a person who edits the file should know. */
  readonly remark: string | null;
  /** How often it was seen. */
  readonly seen: number;
}

interface Observation {
  readonly answer: string;
  readonly state: string;
  readonly next: string;
  /** Number of the session, over all traces. */
  readonly session: number;
}

/** Instructions whose data are a code or a cryptogram: other data, the same answer. */
const PROOFS: ReadonlySet<string> = new Set(['20', '21', '24', '25', '26', '28', '2C', '2D', '82', '86', '88']);
const GET_CHALLENGE = '84';
const SMALLEST_RANDOM = 4;

/**
 * Learns what a card answers. The fewest conditions that explain what was seen: a command that was always answered
 * alike is answered so in any state.
 */
export function learn(traces: readonly RecordedSession[]): readonly LearntRule[] {
  const groups = new Map<string, Observation[]>();
  let sessions = 0;
  for (const { exchanges } of traces) {
    let last = 0;
    for (const { command, answer, state, nextState, session } of exchanges) {
      const observed = { answer, state, next: nextState, session: sessions + session };
      const group = groups.get(command);
      if (group === undefined) groups.set(command, [observed]);
      else group.push(observed);
      last = session;
    }
    sessions += last + 1;
  }
  const rules = [...groups].flatMap(([command, seen]) => rulesOf(command, seen));
  // A command that is a pattern must not hide another one that is written out.
  const merged = mergeProofs(rules);
  return [
    ...merged.filter(({ command }) => !command.includes('X')),
    ...merged.filter(({ command }) => command.includes('X')),
  ];
}

function rulesOf(command: string, seen: readonly Observation[]): LearntRule[] {
  const everywhere = ruleOf(command, null, seen);
  if (everywhere.remark === null && everywhere.answers.length <= 1) return [everywhere];
  const byState = new Map<string, Observation[]>();
  for (const each of seen) byState.set(each.state, [...(byState.get(each.state) ?? []), each]);
  if (byState.size === 1 || everywhere.random !== null) return [everywhere];
  const rules = [...byState].map(([state, some]) => ruleOf(command, [state], some));
  return joinStates(rules);
}

function ruleOf(command: string, states: readonly string[] | null, seen: readonly Observation[]): LearntRule {
  const nexts = new Set(seen.map(({ state, next }) => (next === state ? null : next)));
  const answers = [...new Set(seen.map(({ answer }) => answer))];
  const next = nexts.size === 1 ? ([...nexts][0] as string | null) : null;
  const one: LearntRule = { command, states, answers, random: null, next, remark: null, seen: seen.length };
  // Where the state afterwards is not always the same, the one before must be told.
  const unclear = nexts.size > 1 ? 'the state after it depends on the state before' : null;
  if (answers.length === 1) return { ...one, remark: unclear };
  const random = randomOf(command, answers);
  if (random !== null) return { ...one, answers: [], random };
  const turns = inTurn(seen);
  return {
    ...one,
    answers: turns.answers,
    remark: turns.certain ? 'other answers later in a session' : 'seen with these answers; the traces do not tell why',
  };
}

/** A challenge: every answer another one, of one length. */
function randomOf(command: string, answers: readonly string[]): LearntRule['random'] {
  const [first = ''] = answers;
  const length = first.length / 2 - 2;
  const alike = answers.every((each) => each.length === first.length && each.slice(-4) === first.slice(-4));
  if (command.slice(2, 4) !== GET_CHALLENGE || !alike || length < SMALLEST_RANDOM) return null;
  return { length, status: first.slice(-4) };
}

/** The answers of the session that has most of them; certain when every other one begins the same way. */
function inTurn(seen: readonly Observation[]): { readonly answers: readonly string[]; readonly certain: boolean } {
  const sessions = new Map<number, string[]>();
  for (const { session, answer } of seen) sessions.set(session, [...(sessions.get(session) ?? []), answer]);
  const all = [...sessions.values()];
  const longest = all.reduce((best, each) => (each.length > best.length ? each : best), all[0] ?? []);
  const certain = all.every((each) => each.every((answer, i) => answer === longest[i]));
  const answers = certain ? longest : [...new Set(seen.map(({ answer }) => answer))];
  // The last one stays anyway.
  let end = answers.length;
  while (end > 1 && answers[end - 1] === answers[end - 2]) end--;
  return { answers: answers.slice(0, end), certain };
}

/** Rules that differ in their state alone become one. */
function joinStates(rules: readonly LearntRule[]): LearntRule[] {
  const joined = new Map<string, LearntRule>();
  for (const rule of rules) {
    const key = JSON.stringify([rule.answers, rule.random, rule.next, rule.remark]);
    const before = joined.get(key);
    joined.set(
      key,
      before === undefined
        ? rule
        : { ...before, states: [...(before.states ?? []), ...(rule.states ?? [])], seen: before.seen + rule.seen },
    );
  }
  return [...joined.values()];
}

/** Codes and cryptograms: commands that differ in their data alone and are answered alike become one pattern. */
function mergeProofs(rules: readonly LearntRule[]): LearntRule[] {
  const merged = new Map<string, LearntRule>();
  for (const rule of rules) {
    const proof = PROOFS.has(rule.command.slice(2, 4)) && rule.answers.length === 1;
    const { answers, next, states } = rule;
    const key = proof
      ? JSON.stringify([rule.command.slice(0, 10), rule.command.length, answers, next, states])
      : `${rule.command} ${JSON.stringify(states)}`;
    const before = merged.get(key);
    if (before === undefined) merged.set(key, rule);
    else merged.set(key, { ...before, command: blend(before.command, rule.command), seen: before.seen + rule.seen });
  }
  return [...merged.values()];
}

/** `XX` where two commands have different bytes. */
function blend(one: string, other: string): string {
  let result = '';
  for (let i = 0; i < one.length; i += 2) {
    const byte = one.slice(i, i + 2);
    result += byte === other.slice(i, i + 2) ? byte : 'XX';
  }
  return result;
}
