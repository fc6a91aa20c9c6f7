import { answer, type Expected } from './answer.ts';
import { type CodePlan, type FilePlan, type KeyPlan, PROPRIETARY } from './plan.ts';
import type { CardInterface } from './rule.ts';
import type { Session } from './secure-channel-model.ts';
import type { Command } from './step.ts';
import { applicationOf, type Directory, ROOT } from './tree.ts';

/** What one interface of the card remembers while it has power. */

export interface Channel {
  directory: Directory;
  file: FilePlan | null;
  /** Number of the current record, 0 for none. */
  record: number;
  proven: Set<CodePlan>;
  keys: Set<KeyPlan>;
  /** Bytes of the last challenge, 0 when there is none or it was used. */
  challenge: number;
}

export interface Port {
  readonly cardInterface: CardInterface;
  readonly channels: Map<number, Channel>;
  /** Card-wide codes. */
  readonly proven: Set<CodePlan>;
  /** Card-wide keys. */
  readonly keys: Set<KeyPlan>;
  /** The window in which this interface was given something, 0 for none. */
  window: number;
  /** The code whose window lets the command under way do what it does, or null when it does without. */
  byHolder: string | null;
  /** What GET RESPONSE will bring. */
  rest: Rest | null;
  session: Session | null;
  /** The command under way came through the session. */
  isProtected: boolean;
}

export interface Rest {
  readonly bytes: readonly number[];
  readonly sw: number;
  readonly channel: number;
  readonly byHolder: string | null;
}

/** Where a command came from. */
export interface At {
  readonly port: Port;
  readonly number: number;
  readonly channel: Channel;
}

const CHANNELS = 20;

export function freshPort(cardInterface: CardInterface): Port {
  return {
    cardInterface,
    channels: new Map([[0, freshChannel(ROOT)]]),
    proven: new Set(),
    keys: new Set(),
    window: 0,
    byHolder: null,
    rest: null,
    session: null,
    isProtected: false,
  };
}

export function freshChannel(directory: Directory): Channel {
  return { directory, file: null, record: 0, proven: new Set(), keys: new Set(), challenge: 0 };
}

/** What was proven on its channel and for the card may have been proven inside. */
export function endSession(port: Port): void {
  if (port.session === null) return;
  const owner = port.channels.get(port.session.owner);
  for (const set of [owner?.proven, owner?.keys, port.proven, port.keys]) set?.clear();
  port.session = null;
}

/** A proprietary class is known where the application that has it is selected. */
export function ownsClass({ directory }: Channel, cla: number): boolean {
  return applicationOf(directory).plan.name === PROPRIETARY.name && PROPRIETARY.classes.includes(cla);
}

/** Card-wide codes count on all channels of an interface. */
export function provenBy(port: Port, channel: Channel, code: CodePlan): Set<CodePlan> {
  return code.reference < 0x80 ? port.proven : channel.proven;
}

export function manageChannel(at: At, command: Extract<Command, { is: 'open-channel' | 'close-channel' }>): Expected {
  const { channels } = at.port;
  if (command.is === 'close-channel') {
    const closing = command.number === 0 ? at.number : command.number;
    if (closing === 0) return answer(0x6a81);
    if (closing === at.port.session?.owner) endSession(at.port);
    return answer(channels.delete(closing) ? 0x9000 : 0x6200);
  }
  const free = Array.from({ length: CHANNELS }, (_, i) => i).find((each) => !channels.has(each));
  const opening = command.number === 0 ? free : command.number;
  if (opening === undefined) return answer(0x6a81);
  if (channels.has(opening)) return answer(0x6a86);
  channels.set(opening, freshChannel(at.number === 0 ? ROOT : at.channel.directory));
  return answer(0x9000, command.number === 0 ? [opening] : []);
}
