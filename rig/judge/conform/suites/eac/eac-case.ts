import { type CaseText, defineCase, type Found, refused } from '../../define.ts';
import type { ConformanceCase, Expectation, Need } from '../../model.ts';
import type { ChannelDeclaration, TerminalDeclaration } from '../../terminal/channel-declaration.ts';
import { ExtendedAccess } from '../../terminal/extended-access.ts';
import { CHANNEL, TERMINAL } from '../../terminal/needs.ts';
import { Terminal } from '../../terminal/terminal.ts';

export const EAC_STANDARD = 'BSI TR-03110-3';
export const JUDGED = { role: 'judged' } as const;

/** What is not the next step, or is not allowed yet. */
export const NOT_NOW: Expectation = refused('6985|6982|6A88|6A80|6984');
/** A certificate, a reference, a key that is not taken: for what it says, or for its signature. */
export const REFUSED: Expectation = refused('6300|6A80|6A88|6982|6984|6985|6988');
/** A file of a terminal's rights. */
export const CLOSED: Expectation = refused('6982|6985');

type Needs = Readonly<Record<string, Need<unknown>>>;

interface Parts {
  readonly terminal: Terminal;
  readonly access: ExtendedAccess;
  readonly declared: TerminalDeclaration;
}

type EacCaseText<N extends Needs> = Omit<CaseText<N>, 'needs' | 'steps' | 'commands' | 'standard'> & {
  readonly commands: readonly string[];
  readonly needs?: N;
  readonly steps: (parts: Parts, found: Found<N>) => ReturnType<CaseText<N>['steps']>;
};

/** A case of a card that trusts this terminal. */
export function ofEac<const N extends Needs>(text: EacCaseText<N>): ConformanceCase {
  const { needs, steps, ...rest } = text;
  return defineCase({
    ...rest,
    standard: EAC_STANDARD,
    needs: { ...needs, channel: CHANNEL, terminal: TERMINAL } as N & {
      readonly channel: typeof CHANNEL;
      readonly terminal: typeof TERMINAL;
    },
    steps: (found) => {
      const { channel, terminal: declared } = found as {
        readonly channel: ChannelDeclaration;
        readonly terminal: TerminalDeclaration;
      };
      const terminal = new Terminal(channel);
      const access = new ExtendedAccess(terminal, declared);
      return steps({ terminal, access, declared }, found as unknown as Found<N>);
    },
  });
}

export function flip(bytes: Uint8Array, at: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  const index = at < 0 ? bytes.length + at : at;
  changed[index] = (changed[index] as number) ^ 0x01;
  return changed;
}
