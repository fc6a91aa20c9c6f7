import { copyBytes } from '../../../src/apdu/copy-bytes.ts';
import { commandLayout } from '../../trace/command-layout.ts';
import { digitsFit, type HexTemplate, hexOf, TemplateError } from './hex-template.ts';
import { type ByteSpan, locate } from './location.ts';
import { type AnswerRule, type CardRules, START } from './rules.ts';
import type { Scope } from './scope.ts';

/** What a rule answers. */
export interface RuleAnswer {
  readonly rule: AnswerRule;
  /** Digits; `XX` where the rule leaves a byte open. */
  readonly answer: string;
  /** Why the answer is 6F00: a value that is not known. */
  readonly problem: string | null;
}

/** A card of rules: command pattern, state, answer. */
export class RuleCard {
  readonly #rules: readonly AnswerRule[];
  readonly #scope: Scope;
  #state: string = START;
  /** How often a rule has answered since the reset. */
  readonly #turns = new Map<AnswerRule, number>();
  readonly #used = new Set<AnswerRule>();

  constructor(rules: CardRules, scope: Scope) {
    this.#rules = rules.answers;
    this.#scope = scope;
  }

  get state(): string {
    return this.#state;
  }

  /** Names of rules that no command fell under. */
  get unused(): readonly string[] {
    return this.#rules.filter((rule) => !this.#used.has(rule)).map(({ name }) => name);
  }

  /** The longest time that a rule sets for this command, in whatever state; 0: none does. */
  longestMs(command: string): number {
    const fitting = this.#rules.filter((rule) => rule.responseTimeMs !== null && this.#fits(rule.command, command));
    return Math.max(0, ...fitting.map(({ responseTimeMs }) => responseTimeMs ?? 0));
  }

  reset(): void {
    this.#state = START;
    this.#turns.clear();
    this.#scope.clear();
  }

  /** @returns null when no rule knows the command in this state */
  answer(command: Uint8Array): RuleAnswer | null {
    const hex = hexOf(command);
    const rule = this.#rules.find(
      (each) => (each.states === null || each.states.includes(this.#state)) && this.#fits(each.command, hex),
    );
    if (rule === undefined) return null;
    this.#used.add(rule);
    const turn = this.#turns.get(rule) ?? 0;
    this.#turns.set(rule, turn + 1);
    const template = rule.answers[Math.min(turn, rule.answers.length - 1)] as HexTemplate;
    try {
      return { rule, answer: this.#give(rule, template, command), problem: null };
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      return { rule, answer: '6F00', problem: error.message };
    }
  }

  /** @throws {TemplateError} */
  #give(rule: AnswerRule, template: HexTemplate, command: Uint8Array): string {
    this.#scope.begin(rule.compute);
    const { dataOffset, dataLength } = commandLayout(command);
    const data: ByteSpan = { offset: dataOffset, length: dataLength };
    for (const { name, from } of rule.capture) {
      const span = locate(from, command, data);
      if (span !== null) this.#scope.set(name, copyBytes(command, span.offset, span.offset + span.length));
    }
    if (rule.check !== null) {
      const span = locate(rule.check.at, command, data);
      const found = span === null ? '' : hexOf(command.subarray(span.offset, span.offset + span.length));
      if (!digitsFit(found, rule.check.value.fill(this.#scope.lookup), rule.check.value.open)) {
        this.#scope.finish();
        return rule.check.otherwise.fill(this.#scope.lookup);
      }
    }
    const answer = template.fill(this.#scope.lookup);
    this.#scope.finish();
    if (rule.next !== null) this.#state = rule.next;
    return answer;
  }

  /** A pattern with a value that is not known yet fits nothing. */
  #fits(pattern: HexTemplate, hex: string): boolean {
    try {
      return pattern.fits(hex, this.#scope.lookup);
    } catch (error) {
      if (error instanceof TemplateError) return false;
      throw error;
    }
  }
}
