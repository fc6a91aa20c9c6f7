import { CommandChain } from '../apdu/chaining.ts';
import {
  isChained,
  isInterindustry,
  isProprietary,
  logicalChannel,
  proprietaryChannel,
  proprietaryClass,
  usesSecureMessaging,
} from '../apdu/class-byte.ts';
import { toHex } from '../apdu/hex.ts';
import { INS } from '../apdu/instruction.ts';
import { carriesData } from '../apdu/response.ts';
import { sameBytes } from '../apdu/same-bytes.ts';
import { SW } from '../apdu/status-word.ts';
import { announcesSecureMessaging } from '../secure-channel/index.ts';
import { type Applet, AppletError } from './applet.ts';
import type { Channel } from './channel.ts';
import type { CommandContext } from './command-context.ts';
import { CommandTable, type JudgedRow } from './command-row.ts';
import type { CardFile } from './files/card-file.ts';
import { isCardTerminated } from './files/life-cycle.ts';
import { ISO7816_COMMANDS } from './iso7816/index.ts';

/** Longest data field that a chain may add up to, in bytes. */
export const LARGEST_CHAINED_DATA = 4096;

/** The commands of every directory: the same for every card. */
const COMMON = new CommandTable(ISO7816_COMMANDS);
const GET_RESPONSE_ROW = COMMON.find(INS.GET_RESPONSE) as JudgedRow;

/** What each class byte stands for: logical channel and secure messaging, or {@link NO_CLASS}: not interindustry. */
const NO_CLASS = 0xff;
const SECURED = 0x80;
const CLASSES: Uint8Array = Uint8Array.from({ length: 256 }, (_, cla) => {
  if (!isInterindustry(cla)) return NO_CLASS;
  return logicalChannel(cla) | (usesSecureMessaging(cla) ? SECURED : 0);
});

/** The commands of every directory, and those of the applets by the DF that they are bound to. */
export class CommandSet {
  readonly #bound: Map<CardFile, { readonly applet: Applet; readonly table: CommandTable }> = new Map();

  /** @throws {AppletError} an applet for which the card has no DF, two for one DF, rows that cannot be */
  constructor(applets: readonly Applet[], files: readonly CardFile[]) {
    for (const applet of applets) {
      const directory = files.find((file) => file.name !== null && sameBytes(file.name, applet.aid));
      if (directory === undefined)
        throw new AppletError(`no DF of this card has the name ${toHex(applet.aid)} of the applet`);
      if (this.#bound.has(directory)) throw new AppletError(`two applets for the DF named ${toHex(applet.aid)}`);
      this.#bound.set(directory, { applet, table: tableOf(applet) });
    }
  }

  appletOf(application: CardFile): Applet | null {
    return this.#bound.get(application)?.applet ?? null;
  }

  /** Whether an application has commands of a proprietary class; not: 6E00. @param proprietary on channel 0 */
  knowsClass(application: CardFile, proprietary: number): boolean {
    return this.#bound.get(application)?.table.knowsClass(proprietary) ?? false;
  }

  /**
   * The command that class and instruction mean in an application: its applet's, or the common one; undefined: 6D00.
   * GET RESPONSE is the only common command known in every class: a reader may fetch the rest in the command's class.
   */
  find(application: CardFile, cla: number, ins: number): JudgedRow | undefined {
    const table = this.#bound.size === 0 ? undefined : this.#bound.get(application)?.table;
    if (cla < 0x80) return table?.find(ins) ?? COMMON.find(ins);
    return ins === INS.GET_RESPONSE ? COMMON.find(ins) : table?.findProprietary(proprietaryClass(cla), ins);
  }
}

/** GET RESPONSE and ENVELOPE in clear carry parts of other commands and answers: they end no session. */
function isCarrier(ins: number): boolean {
  return ins === INS.GET_RESPONSE || ins === INS.ENVELOPE;
}

function tableOf(applet: Applet): CommandTable {
  try {
    return new CommandTable(applet.commands);
  } catch (cause) {
    throw new AppletError(`applet ${toHex(applet.aid)}: ${(cause as Error).message}`, { cause });
  }
}

/**
 * Takes each command of one interface through the refusals in their one order:
 *
 * class 6E00 (a proprietary one: not of the application selected on its channel), channel 6881, secure messaging 6882,
 * 6987 and 6988, chaining 6883, instruction 6D00, chaining of this instruction 6884,
 * length 6700, P1-P2 6A86, life cycle of the current DF 6985; then the command itself judges file, security and data.
 */
export class Dispatcher {
  readonly #commands: CommandSet;
  readonly #context: CommandContext;
  readonly #chain = new CommandChain(LARGEST_CHAINED_DATA);

  constructor(commands: CommandSet, context: CommandContext) {
    this.#commands = commands;
    this.#context = context;
    context.perform = (bytes, offset, length) => this.dispatch(bytes, offset, length);
  }

  /** Forgets a chain that was cut short. */
  reset(): void {
    this.#chain.drop();
  }

  /** @returns the status word; data, if any, are in the context's response */
  dispatch(bytes: Uint8Array, offset: number, length: number): number {
    const context = this.#context;
    const command = context.command;
    const complete = command.parse(bytes, offset, length);
    if (!complete || command.ins !== INS.GET_RESPONSE) context.response.clear();
    const refused = complete ? this.#admit() : SW.WRONG_LENGTH;
    if (refused !== SW.OK) {
      // Whatever is not the next part of an open chain ends it, a command that the dispatcher refuses too.
      this.#chain.drop();
      return refused;
    }
    return this.#proceed();
  }

  /** Class, channel and secure messaging; makes the channel the context's. */
  #admit(): number {
    const context = this.#context;
    const judged = CLASSES[context.command.cla] as number;
    if (judged === NO_CLASS) return this.#admitProprietary();
    const channel = context.channels.get(judged & ~SECURED);
    if (channel === null) return SW.CHANNEL_NOT_SUPPORTED;
    if ((judged & SECURED) !== 0) return this.#admitProtected(channel);
    if (channel.number === context.secureChannel.owner && !isCarrier(context.command.ins)) this.#leaveSecureChannel();
    context.channel = channel;
    return SW.OK;
  }

  /** A proprietary class has a meaning only in the application that is selected on its channel. */
  #admitProprietary(): number {
    const context = this.#context;
    const { cla } = context.command;
    const channel = isProprietary(cla) ? context.channels.get(proprietaryChannel(cla)) : null;
    if (channel === null || !this.#commands.knowsClass(channel.directory.application, proprietaryClass(cla))) {
      return SW.CLASS_NOT_SUPPORTED;
    }
    if (channel.number === context.secureChannel.owner && context.command.ins !== INS.GET_RESPONSE) {
      this.#leaveSecureChannel();
    }
    context.channel = channel;
    return SW.OK;
  }

  /** 6882 where no session is; 6987 and 6988, in clear, for what the session does not believe: then it is at its end. */
  #admitProtected(channel: Channel): number {
    const { command, response, secureChannel } = this.#context;
    if (channel.number !== secureChannel.owner) return SW.SECURE_MESSAGING_NOT_SUPPORTED;
    if (!announcesSecureMessaging(command.cla)) {
      this.#leaveSecureChannel();
      return SW.SECURE_MESSAGING_NOT_SUPPORTED;
    }
    this.#context.channel = channel;
    return secureChannel.enter(command, response);
  }

  /** A command that is not protected, on the channel of the session, ends it. One that came inside of ENVELOPE is. */
  #leaveSecureChannel(): void {
    if (this.#context.secureChannel.isProtected) return;
    this.#context.secureChannel.end();
    this.#chain.drop();
  }

  #proceed(): number {
    const { command, channel } = this.#context;
    const chain = this.#chain;
    if (chain.open && !chain.continuedBy(command)) {
      // The answer to a step may have to be fetched.
      const { stepwise } = chain;
      if (stepwise && command.ins === INS.GET_RESPONSE) return this.#execute(GET_RESPONSE_ROW);
      chain.drop();
      // Steps are answered one by one: no data are lost, and a terminal that begins again is heard at once.
      if (!stepwise) return SW.LAST_COMMAND_OF_CHAIN_EXPECTED;
    }
    const found = this.#commands.find(channel.directory.application, command.cla, command.ins);
    if (found === undefined) return SW.INSTRUCTION_NOT_SUPPORTED;
    if (isChained(command.cla) || chain.open) {
      if (found.row.stepwise === true) return this.#step(found);
      const refused = this.#collect(found);
      if (refused !== SW.OK || isChained(command.cla)) return refused;
    }
    return this.#execute(found);
  }

  /** Takes the data field of one command of a chain; the last one becomes the whole. */
  #collect({ row }: JudgedRow): number {
    const command = this.#context.command;
    if (!row.chaining) return SW.CHAINING_NOT_SUPPORTED;
    if (command.encoding === 'malformed' || command.nc === 0 || !this.#chain.append(command)) {
      this.#chain.drop();
      return SW.WRONG_LENGTH;
    }
    if (!isChained(command.cla)) this.#chain.conclude(command);
    return SW.OK;
  }

  /** One step of a protocol in a chain: the chain stays open while the steps succeed and say that more follow. */
  #step(found: JudgedRow): number {
    const context = this.#context;
    const { cla } = context.command;
    const chain = this.#chain;
    context.continuesChain = chain.open;
    chain.drop();
    const status = this.#execute(found);
    context.continuesChain = false;
    if (status === SW.OK && isChained(cla)) chain.begin(context.command);
    return status;
  }

  #execute(found: JudgedRow): number {
    const context = this.#context;
    const command = context.command;
    if (command.encoding === 'malformed') return SW.WRONG_LENGTH;
    // Over T=0 a command without data or answer travels with P3 = 00, which looks like an Le.
    if (context.response.heedsT0 && command.ne === 256 && command.nc === 0) {
      const { cases } = found.row;
      if (cases.includes(1) && !cases.includes(2)) command.ne = 0;
    }
    const caseNumber = (command.nc > 0 ? 3 : 1) + (command.ne > 0 ? 1 : 0);
    const judged = found.judge(caseNumber, command.p1, command.p2);
    if (judged !== SW.OK) return judged;
    if (isCardTerminated(context.core.nvm, context.core.card)) return SW.CONDITIONS_NOT_SATISFIED;
    const directory = context.channel.directory;
    if (found.needsActivated && !context.isUsable(directory)) return SW.CONDITIONS_NOT_SATISFIED;
    const status = this.#commit(found.execute(context));
    this.#tellApplets(context.channel);
    return status;
  }

  /** The application that was left, then the one that is current now. */
  #tellApplets(channel: Channel): void {
    const now = channel.directory.application;
    if (channel.told === now) return;
    const before = channel.told;
    channel.told = now;
    this.#commands.appletOf(before)?.deselected?.();
    this.#commands.appletOf(now)?.selected?.(this.#context);
  }

  /** All that a command wrote happens now; of a command that is refused, nothing does. */
  #commit(status: number): number {
    const nvm = this.#context.core.nvm;
    if (!nvm.dirty) return status;
    if (carriesData(status)) nvm.flush();
    else nvm.rollback();
    return status;
  }
}
