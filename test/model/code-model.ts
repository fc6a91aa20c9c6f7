import { answer, type Expected } from './answer.ts';
import { CODES, type CodePlan } from './plan.ts';
import type { Command } from './step.ts';
import { unblockingCode } from './tree.ts';

/** Who presents codes: what is proven there, and what else happens. */
export interface Presenter {
  /** Whether the rule of the code lets it be presented here. */
  mayPresent(code: CodePlan): boolean;
  proven(code: CodePlan): Set<CodePlan>;
  /** Whether the command came through a secure channel that this password opened. */
  openedBy(code: CodePlan): boolean;
  /** The code was right, was wrong, or was taken back. */
  told(code: CodePlan, what: 'right' | 'wrong' | 'forgotten'): void;
}

type CodeCommand = Extract<Command, { reference: number }>;

/** Values, counters and requirements of all codes: what of them lasts. */
export class CodeModel {
  readonly #tries: Map<CodePlan, number> = new Map(CODES.map((code) => [code, code.tries]));
  readonly #values: Map<CodePlan, string> = new Map(CODES.map((code) => [code, code.value]));
  readonly #disabled: Set<CodePlan> = new Set();

  /** Tries left, in the order of {@link CODES}. */
  get tries(): number[] {
    return CODES.map((code) => this.triesLeft(code));
  }

  isDisabled(code: CodePlan): boolean {
    return this.#disabled.has(code);
  }

  /** Codes whose counter this command may raise: those whose right value, or whose unblocking code's, is in it. */
  mayRaise(code: CodePlan, command: CodeCommand, presenter: Presenter): CodePlan[] {
    const puk = unblockingCode(code);
    switch (command.is) {
      case 'verify':
      case 'require':
        return command.code === this.value(code) ? [code] : [];
      case 'change':
        return (command.old + command.fresh).startsWith(this.value(code)) ? [code] : [];
      case 'unblock':
        return puk !== null && joined(command).startsWith(this.value(puk)) ? [code, puk] : [];
      case 'unblock-verified':
        if (isPin(code) && (presenter.openedBy(code) || (puk !== null && presenter.openedBy(puk)))) return [code];
        return puk !== null && presenter.proven(puk).has(puk) ? [code] : [];
      default:
        return [];
    }
  }

  apply(code: CodePlan, command: CodeCommand, presenter: Presenter): Expected {
    const proven = presenter.proven(code);
    switch (command.is) {
      case 'query':
        return answer(proven.has(code) || this.isDisabled(code) ? 0x9000 : this.#counter(code));
      case 'forget':
        proven.delete(code);
        presenter.told(code, 'forgotten');
        return answer(0x9000);
      case 'verify': {
        const refused = this.#present(code, command.code, presenter);
        if (refused !== null) return refused;
        proven.add(code);
        presenter.told(code, 'right');
        return answer(0x9000);
      }
      case 'change':
        return this.#change(code, command, presenter);
      case 'change-verified':
        if (!(isPin(code) && presenter.openedBy(code)) && !(presenter.mayPresent(code) && proven.has(code)))
          return answer(0x6982);
        if (!fits(code, command.fresh.length)) return answer(0x6700);
        this.#values.set(code, command.fresh);
        return answer(0x9000);
      case 'require':
        return this.#require(code, command, presenter);
      default:
        return this.#unblock(code, command, presenter);
    }
  }

  #change(code: CodePlan, command: Extract<Command, { is: 'change' }>, presenter: Presenter): Expected {
    if (!presenter.mayPresent(code)) return answer(0x6982);
    const both = command.old + command.fresh;
    const refused = this.#presentFirst(
      code,
      both,
      lengths(code).filter((each) => fits(code, both.length - each)),
      presenter,
    );
    if (refused !== null) return refused;
    this.#values.set(code, both.slice(this.value(code).length));
    return answer(0x9000);
  }

  #require(code: CodePlan, command: Extract<Command, { is: 'require' }>, presenter: Presenter): Expected {
    if (!code.canBeDisabled) return answer(0x6985);
    if (command.code === null) {
      if (!presenter.proven(code).has(code)) return answer(0x6982);
    } else {
      const refused = this.#present(code, command.code, presenter);
      if (refused !== null) return refused;
    }
    if (command.required) {
      this.#disabled.delete(code);
      presenter.proven(code).delete(code);
    } else this.#disabled.add(code);
    return answer(0x9000);
  }

  #unblock(
    code: CodePlan,
    command: Extract<Command, { is: 'unblock' | 'unblock-verified' }>,
    presenter: Presenter,
  ): Expected {
    let fresh = command.fresh;
    if (command.is === 'unblock-verified' && fresh !== null && isPin(code) && presenter.openedBy(code)) {
      if (!fits(code, fresh.length)) return answer(0x6700);
      this.#values.set(code, fresh);
      this.#tries.set(code, code.tries);
      return answer(0x9000);
    }
    const puk = unblockingCode(code);
    if (puk === null) return answer(0x6985);
    if (command.is === 'unblock') {
      if (!presenter.mayPresent(puk)) return answer(0x6982);
      const both = joined(command);
      const splits = lengths(puk).filter((each) =>
        fresh === null ? each === both.length : fits(code, both.length - each),
      );
      const refused = this.#presentFirst(puk, both, splits, presenter);
      if (refused !== null) return refused;
      // Nothing marks where the unblocking code ends but that it is right.
      if (fresh !== null) fresh = both.slice(this.value(puk).length);
    } else if (!presenter.proven(puk).has(puk) && !(fresh === null && presenter.openedBy(puk))) return answer(0x6982);
    if (fresh !== null) {
      if (!fits(code, fresh.length)) return answer(0x6700);
      this.#values.set(code, fresh);
    }
    presenter.proven(code).delete(code);
    this.#tries.set(code, code.tries);
    return answer(0x9000);
  }

  /** @returns the refusal, or null for the right code */
  #present(code: CodePlan, value: string, presenter: Presenter): Expected | null {
    if (!presenter.mayPresent(code)) return answer(0x6982);
    if (!fits(code, value.length)) return answer(0x6700);
    return this.#compare(code, value === this.value(code), presenter);
  }

  /** A code with something behind it: the first part may have any of these lengths. */
  #presentFirst(code: CodePlan, both: string, splits: readonly number[], presenter: Presenter): Expected | null {
    if (splits.length === 0) return answer(0x6700);
    const value = this.value(code);
    return this.#compare(code, both.startsWith(value) && splits.includes(value.length), presenter);
  }

  /** Spends a try; the right code gives all of them back. */
  #compare(code: CodePlan, right: boolean, presenter: Presenter): Expected | null {
    const left = this.triesLeft(code);
    if (left > 0 && right) {
      this.#tries.set(code, code.tries);
      return null;
    }
    presenter.proven(code).delete(code);
    presenter.told(code, 'wrong');
    if (left > 0) this.#tries.set(code, left - 1);
    return answer(left > 0 ? 0x63c0 | (left - 1) : 0x6983);
  }

  #counter(code: CodePlan): number {
    const left = this.triesLeft(code);
    return left === 0 ? 0x6983 : 0x63c0 | left;
  }

  setTries(code: CodePlan, left: number): void {
    this.#tries.set(code, left);
  }

  triesLeft(code: CodePlan): number {
    return this.#tries.get(code) as number;
  }

  value(code: CodePlan): string {
    return this.#values.get(code) as string;
  }
}

/** The one password that is changed through its own channel. */
function isPin({ password }: CodePlan): boolean {
  return password === 'PIN';
}

function joined({ puk, fresh }: Extract<Command, { is: 'unblock' }>): string {
  return puk + (fresh ?? '');
}

function fits(code: CodePlan, length: number): boolean {
  return length >= code.minLength && length <= code.maxLength;
}

function lengths(code: CodePlan): number[] {
  return Array.from({ length: code.maxLength - code.minLength + 1 }, (_, i) => code.minLength + i);
}
