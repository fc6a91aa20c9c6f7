import { type CaseText, defineCase, type Found, refused } from '../../define.ts';
import type { ConformanceCase, Expectation, Need, Step } from '../../model.ts';
import type { ChannelDeclaration } from '../../terminal/channel-declaration.ts';
import { CHANNEL } from '../../terminal/needs.ts';
import { Terminal } from '../../terminal/terminal.ts';
import { readAccess } from '../sm/channel-case.ts';

export const PACE_STANDARD = 'BSI TR-03110-3; ICAO Doc 9303-11';

/** A point that is none, or not fit: an error of the data, or authentication that failed. */
export const BAD_POINT: Expectation = refused('6A80|6300|6982|6985|6988|6F00', '6A80');
/** A step that is not the next one, or none that runs. */
export const NOT_NOW: Expectation = refused('6985|6A80|6A88|6982|6D00', '6985');
export const FAILED: Expectation = refused('6300|63CX|6982|6A80', '6300');

type Needs = Readonly<Record<string, Need<unknown>>>;

export type PaceCaseText<N extends Needs> = Omit<CaseText<N>, 'needs' | 'steps' | 'commands' | 'standard'> & {
  readonly commands?: readonly string[];
  readonly needs?: N;
  readonly steps: (terminal: Terminal, found: Found<N>) => ReturnType<CaseText<N>['steps']>;
};

/** A case of a card with PACE. */
export function ofPace<const N extends Needs>(text: PaceCaseText<N>): ConformanceCase {
  const { commands = ['GENERAL AUTHENTICATE'], needs, steps, ...rest } = text;
  return defineCase({
    ...rest,
    commands,
    standard: PACE_STANDARD,
    needs: { ...needs, channel: CHANNEL } as N & { readonly channel: typeof CHANNEL },
    steps: (found) =>
      steps(new Terminal((found as { readonly channel: ChannelDeclaration }).channel), found as unknown as Found<N>),
  });
}

/** PACE runs from the start to its end, whatever was before. */
export function works(terminal: Terminal): readonly Step[] {
  return [...terminal.pace({ role: 'judged' }), terminal.inside('READ BINARY in the channel', readAccess(4))];
}

/** The command's data object of template 7C gets another value; Le stays. */
export function withValue(change: (value: Uint8Array) => Uint8Array): (command: Uint8Array) => Uint8Array {
  return (command) => {
    // CLA INS P1 P2 Lc 7C L 8x L value Le: all lengths in the short form or with 81.
    const tagAt = command[6] === 0x81 ? 8 : 7;
    const tag = command[tagAt] as number;
    const valueAt = command[tagAt + 1] === 0x81 ? tagAt + 3 : tagAt + 2;
    const value = change(command.subarray(valueAt, command.length - 1));
    return generalAuthenticate(command[0] as number, tag, value);
  };
}

/** GENERAL AUTHENTICATE with one object in template 7C. */
export function generalAuthenticate(cla: number, tag: number, value: Uint8Array): Uint8Array {
  const inner = [tag, ...lengthOf(value.length), ...value];
  const data = [0x7c, ...lengthOf(inner.length), ...inner];
  return Uint8Array.of(cla, 0x86, 0x00, 0x00, data.length, ...data, 0x00);
}

function lengthOf(length: number): number[] {
  return length < 0x80 ? [length] : [0x81, length];
}
