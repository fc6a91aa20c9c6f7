import { answer, type Expected, LARGEST_ANSWER } from './answer.ts';
import { CodeModel, type Presenter } from './code-model.ts';
import { ContentModel, isCurrent } from './content-model.ts';
import { CHALLENGE_BYTE, KEYS, KeyModel, keyNamed, rightMac } from './key-model.ts';
import {
  CODES,
  type CodePlan,
  type DirectoryPlan,
  type FilePlan,
  type KeyPlan,
  type LifeCycle,
  type Operation,
  PROPRIETARY,
  WINDOW_SECONDS,
  WINDOW_USES,
} from './plan.ts';
import {
  type At,
  type Channel,
  endSession,
  freshPort,
  manageChannel,
  ownsClass,
  type Port,
  provenBy,
  type Rest,
} from './port-model.ts';
import { CARD_INTERFACES, type CardInterface, type Facts, holds, NEVER, type Rule } from './rule.ts';
import { pace } from './secure-channel-model.ts';
import { type Command, channelOf, type Step } from './step.ts';
import { applicationOf, codeNamed, type Directory, directoryOf, find, isDirectory } from './tree.ts';

/**
 * What the card should do, written a second time: plain objects and arrays, no memory image, no buffers, no dispatcher.
 * It shares no code with the card, so that a mistake in one of them shows as a difference.
 */

/** Where a command comes from, and how. */
type Asking = Pick<Extract<Step, { do: 'command' }>, 'cardInterface' | 'channel' | 'protection'>;

const CLOSED_WINDOW = { number: 0, code: null, until: 0, uses: 0 };

export class CardModel {
  readonly #codes: CodeModel = new CodeModel();
  readonly #keys: KeyModel = new KeyModel();
  readonly #contents: ContentModel = new ContentModel();
  /** Where it is another one than the plan's. */
  readonly #states: Map<FilePlan | DirectoryPlan, LifeCycle> = new Map();
  readonly #ports: Map<CardInterface, Port> = new Map(
    CARD_INTERFACES.map((cardInterface) => [cardInterface, freshPort(cardInterface)]),
  );
  #now = 0;
  /** The holder's window: open in time, with uses left or for interfaces that have begun. `number` 0: closed. */
  #window: { number: number; code: string | null; until: number; uses: number } = CLOSED_WINDOW;
  #windows = 0;

  /** Tries left of each code, in the order of {@link CODES}, then of each key. */
  get tries(): number[] {
    return [...this.#codes.tries, ...this.#keys.tries];
  }

  /** The key whose counter this command may raise, or null. */
  mayRaiseKey({ cardInterface, channel, command }: Extract<Step, { do: 'command' }>): KeyPlan | null {
    const at = this.#at(cardInterface, channel);
    if (at === null || command.is !== 'external') return null;
    const key = keyNamed(command.key, at.channel.directory);
    return key !== null && rightMac(key).join() === command.mac.join() ? key : null;
  }

  /** Codes whose counter this command may raise: those whose right value, or whose unblocking code's, is in it. */
  mayRaise({ cardInterface, channel, command, protection }: Extract<Step, { do: 'command' }>): CodePlan[] {
    const at = this.#at(cardInterface, channel);
    if (at === null) return [];
    if (command.is === 'pace') return CODES.filter((code) => isRightPin(code, command, this.#codes));
    if (!('reference' in command)) return [];
    const code = codeNamed(command.reference, at.channel.directory);
    const right = protection === 'right' && at.port.session?.owner === channel;
    return code === null ? [] : this.#codes.mayRaise(code, command, this.#presenter(at, right));
  }

  /** Whether the rule of a file lets it be read now on a channel: what every byte that leaves is held against. */
  mayRead(file: FilePlan, { cardInterface, channel, protection }: Asking): boolean {
    const at = this.#at(cardInterface, channel);
    if (at === null || this.#state(file) !== 'activated' || !this.#isUsable(directoryOf(file))) return false;
    const secure = protection === 'right' && at.port.session?.owner === channel;
    return holds(this.#rule(file, 'read', cardInterface), { ...this.#facts(at), secure });
  }

  /** The file that a data command means, whether or not it may: to give it the file's own bytes. */
  target(cardInterface: CardInterface, channel: number, sfi: number | null): FilePlan | null {
    const at = this.#at(cardInterface, channel);
    return at === null ? null : (fileMeant(at.channel, sfi) ?? null);
  }

  /** @returns what a command is answered; null for what is no command */
  apply(step: Step): Expected | null {
    switch (step.do) {
      case 'wait':
        this.#now += step.seconds;
        return null;
      case 'restart':
      case 'reboot':
        for (const cardInterface of CARD_INTERFACES) this.#ports.set(cardInterface, freshPort(cardInterface));
        this.#window = CLOSED_WINDOW;
        return null;
      case 'command':
        return this.#command(step);
      default:
        this.#ports.set(step.cardInterface, freshPort(step.cardInterface));
        return null;
    }
  }

  #command({ cardInterface, channel, command, protection = 'none' }: Extract<Step, { do: 'command' }>): Expected {
    const port = this.#ports.get(cardInterface) as Port;
    const at = this.#at(cardInterface, channelOf(command, channel));
    port.byHolder = null;
    const cla = 'cla' in command ? command.cla : undefined;
    const known = cla === undefined || (at !== null && ownsClass(at.channel, cla));
    if (command.is !== 'get-response') port.rest = null;
    if (!known || at === null) return answer(known ? 0x6881 : 0x6e00);
    const outside = protection === 'none' ? this.#inClear(at, command) : this.#throughSession(at, command, protection);
    if (outside !== null) return outside;
    port.isProtected = protection === 'right';
    const expected = this.#judge(at, command);
    port.isProtected = false;
    return expected;
  }

  /** In clear on the channel of the session, a command ends it. GET RESPONSE carries parts, and ends nothing. */
  #inClear(at: At, command: Command): null {
    if (at.port.session?.owner === at.number && command.is !== 'get-response') endSession(at.port);
    return null;
  }

  /** @returns what is answered in clear, or null: it is opened, and judged */
  #throughSession({ port, number }: At, command: Command, protection: 'right' | 'tampered'): Expected | null {
    const owns = port.session?.owner === number;
    if (owns) port.rest = null;
    if (owns && protection === 'right') return null;
    if (!owns) return answer(0x6882);
    endSession(port);
    // Of two commands in a chain the second one finds no session any more.
    return answer(command.is === 'verify' && command.chained && command.code.length > 1 ? 0x6882 : 0x6988);
  }

  /** A PACE that was broken off leaves nothing: what comes next is judged as it is. */
  #judge(at: At, command: Command): Expected {
    const { port } = at;
    if (command.is === 'get-response') return this.#getResponse(at, command.ne);
    const expected = this.#carryOut(at, command);
    const given = [0x90, 0x61, 0x62, 0x63].includes(expected.sw >> 8);
    if (port.byHolder !== null && given) this.#charge(port);
    return expected;
  }

  #carryOut(at: At, command: Exclude<Command, { is: 'get-response' }>): Expected {
    if (command.is === 'read-record' && command.mode === 7) return answer(0x6a86);
    if (command.is === 'proprietary' && !PROPRIETARY.instructions.includes(command.ins)) return answer(0x6d00);
    const anyState = /^select|channel$|activate$|^challenge|^external|^pace|^leave/.test(command.is);
    if (!anyState && !this.#isUsable(at.channel.directory)) return answer(0x6985);
    if ('sfi' in command) return this.#onContent(at, command);
    if ('reference' in command) {
      const code = codeNamed(command.reference, at.channel.directory);
      return code === null ? answer(0x6a88) : this.#codes.apply(code, command, this.#presenter(at));
    }
    switch (command.is) {
      case 'challenge':
      case 'external':
      case 'external-query':
        return this.#authenticate(at, command);
      case 'proprietary':
        return answer(0x9000, PROPRIETARY.answer);
      case 'activate':
      case 'deactivate':
        return this.#switch(at, command.is);
      case 'open-channel':
      case 'close-channel':
        return manageChannel(at, command);
      case 'pace':
        return this.#pace(at, command);
      case 'leave':
        if (at.port.isProtected) endSession(at.port);
        return answer(0x9000);
      default:
        return this.#select(at.channel, command);
    }
  }

  #authenticate(
    { port, channel }: At,
    command: Extract<Command, { is: 'challenge' | 'external' | 'external-query' }>,
  ): Expected {
    if (command.is === 'challenge') {
      if (command.ne < 8) return answer(0x6c08);
      channel.challenge = command.ne === 16 ? 16 : 8;
      return answer(0x9000, new Array(channel.challenge).fill(CHALLENGE_BYTE));
    }
    const { challenge } = channel;
    if (command.is === 'external') channel.challenge = 0;
    const key = keyNamed(command.key, channel.directory);
    if (key === null) return answer(0x6a88);
    const proven = key.reference < 0x80 ? port.keys : channel.keys;
    if (command.is === 'external-query') return this.#keys.query(key, proven);
    return this.#keys.authenticate(key, rightMac(key).join() === command.mac.join(), challenge, proven);
  }

  #pace({ port, number }: At, command: Extract<Command, { is: 'pace' }>): Expected {
    const byCan = port.isProtected && port.session?.password === 'CAN';
    const { expected, opened } = pace(command, this.#codes, byCan);
    if (opened) {
      endSession(port);
      port.session = { owner: number, password: command.password };
    }
    return expected;
  }

  #select(channel: Channel, command: Extract<Command, { is: `select${string}` }>): Expected {
    const found = find(channel.directory, command);
    if (found === null) return answer(0x6a82);
    const directory = isDirectory(found) ? found : directoryOf(found);
    if (applicationOf(directory) !== applicationOf(channel.directory)) {
      channel.proven.clear();
      channel.keys.clear();
      channel.challenge = 0;
    }
    channel.directory = directory;
    channel.file = isDirectory(found) ? null : found;
    channel.record = 0;
    const state = this.#state(isDirectory(found) ? found.plan : found);
    const sw = { initialisation: 0x9000, activated: 0x9000, deactivated: 0x6283, terminated: 0x6285 }[state];
    return { sw, data: command.answer === 3 ? [] : null };
  }

  #onContent(at: At, command: Extract<Command, { sfi: number | null }>): Expected {
    const { channel } = at;
    const operation = command.is.startsWith('read') ? 'read' : command.is === 'append-record' ? 'append' : 'update';
    const file = fileMeant(channel, command.sfi);
    if (file === undefined) return answer(0x6a82);
    if (file === null) return answer(0x6986);
    if ((file.structure === 'transparent') !== command.is.endsWith('binary')) return answer(0x6981);
    if (this.#state(file) !== 'activated') return answer(0x6985);
    if (!this.#permits(this.#rule(file, operation, at.port.cardInterface), at)) return answer(0x6982);
    const outcome = this.#contents.apply(file, command, channel.record);
    if ('refused' in outcome) return answer(outcome.refused);
    if (!isCurrent(command.sfi)) {
      channel.file = file;
      channel.record = 0;
    }
    channel.record = outcome.record ?? channel.record;
    const ne = 'ne' in command ? command.ne : 0;
    return this.#send(at, { bytes: outcome.data, sw: outcome.sw, channel: at.number, byHolder: at.port.byHolder }, ne);
  }

  // Answers in parts.

  #getResponse(at: At, ne: number): Expected {
    const { rest } = at.port;
    if (rest === null || rest.channel !== at.number) return answer(0x6985);
    at.port.rest = null;
    if (rest.byHolder !== null && this.#facts(at).window !== rest.byHolder) return answer(0x6982);
    return this.#send(at, rest, ne);
  }

  #send({ port }: At, whole: Rest, ne: number): Expected {
    if (port.isProtected) return answer(whole.sw, whole.bytes);
    const most = Math.min(ne, LARGEST_ANSWER[port.cardInterface]);
    const left = whole.bytes.length - most;
    if (left <= 0) return answer(whole.sw, whole.bytes);
    port.rest = { ...whole, bytes: whole.bytes.slice(most) };
    return answer(0x6100 | (left >= 256 ? 0 : left), whole.bytes.slice(0, most));
  }

  // Life cycle.

  #switch(at: At, to: 'activate' | 'deactivate'): Expected {
    const { directory } = at.channel;
    const file = at.channel.file ?? directory.plan;
    const above = at.channel.file === null ? directory.parent : directory;
    if (this.#state(file) === 'terminated') return answer(0x6985);
    if (above !== null && !this.#isUsable(above)) return answer(0x6985);
    if (to === 'deactivate' && this.#state(file) === 'initialisation') return answer(0x6985);
    const own = 'rules' in file ? this.#rule(file, to, at.port.cardInterface) : (file.switching ?? NEVER);
    const rule = 'rules' in file ? own : (this.#creation(directory) ?? own);
    if (!this.#permits(rule, at)) return answer(0x6982);
    this.#states.set(file, to === 'activate' ? 'activated' : 'deactivated');
    return answer(0x9000);
  }

  #state(file: FilePlan | DirectoryPlan): LifeCycle {
    return this.#states.get(file) ?? file.lifeCycle ?? 'activated';
  }

  /** What an operation on a file asks for: its own rule, or what stands in its place while a directory is made. */
  #rule(file: FilePlan, operation: Operation, cardInterface: CardInterface): Rule {
    return this.#creation(directoryOf(file)) ?? file.rules[operation][cardInterface];
  }

  /** In a directory that is not activated yet everything is for whoever may create such a one; null: it is activated. */
  #creation(directory: Directory): Rule | null {
    if (directory.parent === null) return null;
    const above = this.#creation(directory.parent);
    if (above !== null) return above;
    return this.#state(directory.plan) === 'initialisation' ? (directory.parent.plan.creating ?? NEVER) : null;
  }

  /** A directory that is deactivated takes all below along. */
  #isUsable(directory: Directory): boolean {
    if (!['activated', 'initialisation'].includes(this.#state(directory.plan))) return false;
    return directory.parent === null || this.#isUsable(directory.parent);
  }

  // Rules, codes and the holder's window.

  #permits(rule: Rule, at: At): boolean {
    const facts = this.#facts(at);
    if (!holds(rule, facts)) return false;
    if (!holds(rule, { ...facts, window: null })) at.port.byHolder = facts.window;
    return true;
  }

  #facts({ port, channel }: At): Facts {
    const { number, code, until, uses } = this.#window;
    // A presentation that has begun goes on until its end.
    const open = number !== 0 && this.#now < until && (uses > 0 || port.window === number);
    return {
      proven: (id) => {
        const named = CODES.find((each) => each.id === id) as CodePlan;
        return this.#codes.isDisabled(named) || provenBy(port, channel, named).has(named);
      },
      authenticated: (id) => {
        if (id === null) return port.keys.size > 0 || channel.keys.size > 0;
        const named = KEYS.find((each) => each.id === id) as KeyPlan;
        return (named.reference < 0x80 ? port.keys : channel.keys).has(named);
      },
      window: open ? code : null,
      secure: port.isProtected,
    };
  }

  #presenter(at: At, secure: boolean = at.port.isProtected): Presenter {
    return {
      mayPresent: (code) => holds(code.rules[at.port.cardInterface], { ...this.#facts(at), secure }),
      openedBy: ({ password }) => secure && password !== undefined && at.port.session?.password === password,
      proven: (code) => provenBy(at.port, at.channel, code),
      told: (code, what) => {
        if (!code.unlocksHolder || at.port.cardInterface !== 'wired') return;
        this.#window =
          what === 'right'
            ? { number: ++this.#windows, code: code.id, until: this.#now + WINDOW_SECONDS, uses: WINDOW_USES }
            : CLOSED_WINDOW;
      },
    };
  }

  /** The first answer that an interface is given because of the window is a use of it. */
  #charge(port: Port): void {
    if (port.window === this.#window.number) return;
    port.window = this.#window.number;
    this.#window = { ...this.#window, uses: this.#window.uses - 1 };
  }

  /** Null for a channel that is not open. */
  #at(cardInterface: CardInterface, number: number): At | null {
    const port = this.#ports.get(cardInterface) as Port;
    const channel = port.channels.get(number);
    return channel === undefined ? null : { port, number, channel };
  }
}

function isRightPin(
  code: CodePlan,
  { password, value, stop }: Extract<Command, { is: 'pace' }>,
  codes: CodeModel,
): boolean {
  return code.password === 'PIN' && password === 'PIN' && stop === null && value === codes.value(code);
}

/** The current EF, null for none; or the one with that short identifier, undefined for none. */
function fileMeant(channel: Channel, sfi: number | null): FilePlan | null | undefined {
  return isCurrent(sfi) ? channel.file : channel.directory.plan.files.find((each) => each.sfi === sfi);
}
