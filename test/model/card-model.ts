import {
  CODES,
  type CodePlan,
  type DirectoryPlan,
  directoriesOf,
  FILES,
  type FilePlan,
  type LifeCycle,
  type Operation,
  PLAN,
  WINDOW_SECONDS,
  WINDOW_USES,
} from './plan.ts';
import { FACES, type Face, type Facts, holds, NEVER, type Rule } from './rule.ts';
import { type Command, hexBytes, type Step } from './step.ts';

/**
 * What the card should do, written a second time: plain objects and arrays, no memory image, no buffers, no dispatcher.
 * It shares no code with the card, so that a mistake in one of them shows as a difference.
 */

/** `data` null: a template that the model does not predict, or no answer at all. */
export interface Expected {
  readonly sw: number;
  readonly data: readonly number[] | null;
}

interface Directory {
  readonly plan: DirectoryPlan;
  readonly parent: Directory | null;
}

interface Channel {
  directory: Directory;
  file: FilePlan | null;
  /** Number of the current record, 0 for none. */
  record: number;
  proven: Set<CodePlan>;
}

interface Port {
  channels: Map<number, Channel>;
  /** Card-wide codes. */
  proven: Set<CodePlan>;
  /** The window in which this interface was given something, 0 for none. */
  window: number;
  /** The code whose window lets the command under way do what it does, or null when it does without. */
  byHolder: string | null;
  rest: {
    readonly bytes: readonly number[];
    readonly sw: number;
    readonly channel: number;
    readonly byHolder: string | null;
  } | null;
}

/** Bytes of data that one answer of each link carries; templates of control information are shorter. */
export const LARGEST_ANSWER: Readonly<Record<Face, number>> = { contact: 65_536, contactless: 220, wired: 65_536 };
const CHANNELS = 20;
const ASK = 256;
const CLOSED_WINDOW = { number: 0, code: null, until: 0, uses: 0 };
const answer = (sw: number, data: readonly number[] = []): Expected => ({ sw, data });

export class CardModel {
  readonly #contents: Map<FilePlan, number[][]> = new Map(
    FILES.map((file) => [file, file.content.map((piece) => [...piece])]),
  );
  readonly #tries: Map<CodePlan, number> = new Map(CODES.map((code) => [code, code.tries]));
  readonly #values: Map<CodePlan, string> = new Map(CODES.map((code) => [code, code.value]));
  readonly #disabled: Set<CodePlan> = new Set();
  /** Where it is another one than the plan's. */
  readonly #states: Map<FilePlan | DirectoryPlan, LifeCycle> = new Map();
  readonly #directories: readonly Directory[] = directories();
  readonly #ports: Map<Face, Port> = new Map(FACES.map((face) => [face, freshPort(this.#root)]));
  #now = 0;
  /** The holder's window: open in time, with uses left or for interfaces that have begun. `number` 0: closed. */
  #window: { number: number; code: string | null; until: number; uses: number } = CLOSED_WINDOW;
  #windows = 0;

  /** Tries left of each code, in the order of {@link CODES}. */
  get tries(): number[] {
    return CODES.map((code) => this.#tries.get(code) as number);
  }

  /** Codes whose counter this command may raise: those whose right value, or whose unblocking code's, is in it. */
  mayRaise({ face, channel, command }: Extract<Step, { do: 'command' }>): CodePlan[] {
    const at = this.#ports.get(face)?.channels.get(channel);
    if (at === undefined || !('reference' in command)) return [];
    const code = this.#code(command.reference, at.directory);
    if (code === null) return [];
    const puk = this.#unblocking(code);
    switch (command.is) {
      case 'verify':
        return command.code === this.#values.get(code) ? [code] : [];
      case 'change':
        return (command.old + command.fresh).startsWith(this.#values.get(code) as string) ? [code] : [];
      case 'require':
        return command.code === this.#values.get(code) ? [code] : [];
      case 'unblock':
        return puk !== null && (command.puk + (command.fresh ?? '')).startsWith(this.#values.get(puk) as string)
          ? [code, puk]
          : [];
      case 'unblock-verified':
        return puk !== null && at.proven.has(puk) ? [code] : [];
      default:
        return [];
    }
  }

  /** Whether the rule of a file lets it be read now on a channel: what every byte that leaves is held against. */
  mayRead(file: FilePlan, face: Face, channel: number): boolean {
    const port = this.#port(face);
    const at = port.channels.get(channel);
    const usable = this.#state(file) === 'activated' && this.#isUsable(this.#directoryOf(file));
    return at !== undefined && usable && holds(file.rules.read[face], this.#facts(port, at));
  }

  /** The file that a data command means, whether or not it may: to give it the file's own bytes. */
  target(face: Face, channel: number, sfi: number | null): FilePlan | null {
    const at = this.#port(face).channels.get(channel);
    if (at === undefined) return null;
    return sfi === null ? at.file : (at.directory.plan.files.find((each) => each.sfi === sfi) ?? null);
  }

  /** @returns what a command is answered; null for what is no command */
  apply(step: Step): Expected | null {
    switch (step.do) {
      case 'wait':
        this.#now += step.seconds;
        return null;
      case 'restart':
      case 'reboot':
        for (const face of FACES) this.#forget(face);
        this.#lock();
        return null;
      case 'command':
        return this.#command(step.face, step.channel, step.command);
      default:
        this.#forget(step.face);
        return null;
    }
  }

  #forget(face: Face): void {
    this.#ports.set(face, freshPort(this.#root));
  }

  #command(face: Face, number: number, command: Command): Expected {
    const port = this.#port(face);
    port.byHolder = null;
    const expected = this.#answer(face, port, number, command);
    // The first answer that is given because of the window is a use of it.
    if (
      port.byHolder !== null &&
      [0x90, 0x61, 0x62, 0x63].includes(expected.sw >> 8) &&
      port.window !== this.#window.number
    ) {
      port.window = this.#window.number;
      this.#window = { ...this.#window, uses: this.#window.uses - 1 };
    }
    return expected;
  }

  #answer(face: Face, port: Port, number: number, command: Command): Expected {
    const rest = port.rest;
    port.rest = null;
    const channel = port.channels.get(number);
    if (command.is === 'get-response') {
      if (channel === undefined) {
        port.rest = rest;
        return answer(0x6881);
      }
      if (rest === null || rest.channel !== number) {
        port.rest = rest;
        return answer(0x6985);
      }
      if (rest.byHolder !== null && (!this.#isWindowOpen(port) || this.#window.code !== rest.byHolder))
        return answer(0x6982);
      return this.#send(face, port, number, rest.bytes, command.ne, rest.sw, rest.byHolder);
    }
    if (channel === undefined) return answer(0x6881);
    if (command.is === 'read-record' && command.mode === 7) return answer(0x6a86);
    const anyState = /^select|channel$|activate$/.test(command.is);
    if (!anyState && !this.#isUsable(channel.directory)) return answer(0x6985);
    switch (command.is) {
      case 'select-name':
      case 'select':
      case 'select-parent':
      case 'select-path':
        return this.#select(channel, command);
      case 'read-binary':
      case 'update-binary':
        return this.#binary(face, port, number, channel, command);
      case 'read-record':
        return this.#readRecord(face, port, number, channel, command);
      case 'update-record':
      case 'append-record':
      case 'erase-record':
        return this.#writeRecord(face, port, channel, command);
      case 'activate':
      case 'deactivate':
        return this.#switch(face, port, channel, command.is);
      case 'open-channel':
      case 'close-channel':
        return this.#manageChannel(port, number, channel, command);
      default:
        return this.#withCode(face, port, channel, command);
    }
  }

  // Selection.

  #select(channel: Channel, command: Extract<Command, { is: `select${string}` }>): Expected {
    const target = this.#find(channel.directory, command);
    if (target === null) return answer(0x6a82);
    const directory = 'plan' in target ? target : this.#directoryOf(target);
    if (applicationOf(directory) !== applicationOf(channel.directory)) channel.proven.clear();
    channel.directory = directory;
    channel.file = 'plan' in target ? null : target;
    channel.record = 0;
    const state = this.#state('plan' in target ? target.plan : target);
    const sw = { activated: 0x9000, deactivated: 0x6283, terminated: 0x6285 }[state];
    return { sw, data: command.answer === 3 ? [] : null };
  }

  #find(current: Directory, command: Extract<Command, { is: `select${string}` }>): Directory | FilePlan | null {
    switch (command.is) {
      case 'select-parent':
        return current.parent;
      case 'select-name':
        return this.#byName(hexBytes(command.name), command.occurrence, current);
      case 'select-path': {
        let at: Directory | FilePlan = command.from === 'mf' ? this.#root : current;
        for (const fid of command.path) {
          const next: Directory | FilePlan | null = 'plan' in at ? this.#child(at, fid) : null;
          if (next === null) return null;
          at = next;
        }
        return at;
      }
      case 'select': {
        const { fid, how } = command;
        if (how === 'any') {
          if (fid === PLAN.fid) return this.#root;
          const { parent } = current;
          const inParent = parent === null ? null : parent.plan.fid === fid ? parent : this.#child(parent, fid);
          return this.#child(current, fid) ?? (current.plan.fid === fid ? current : inParent);
        }
        const child = this.#child(current, fid);
        return child !== null && 'plan' in child === (how === 'child-df') ? child : null;
      }
    }
  }

  /** DF names in byte order; a name may be cut short on the right. */
  #byName(start: readonly number[], occurrence: number, current: Directory): Directory | null {
    const name = ({ plan }: Directory): number[] => hexBytes(plan.name as string);
    const matching = this.#directories
      .filter(({ plan }) => plan.name !== null)
      .filter((directory) => start.every((byte, i) => name(directory)[i] === byte))
      .sort((a, b) => ((a.plan.name as string) < (b.plan.name as string) ? -1 : 1));
    const at = matching.indexOf(applicationOf(current));
    const last = matching.length - 1;
    const place = [0, last, at < 0 ? 0 : at + 1, at < 0 ? last : at - 1][occurrence] as number;
    return matching[place] ?? null;
  }

  // Transparent files.

  #binary(
    face: Face,
    port: Port,
    number: number,
    channel: Channel,
    command: Extract<Command, { is: 'read-binary' | 'update-binary' }>,
  ): Expected {
    const operation = command.is === 'read-binary' ? 'read' : 'update';
    const file = this.#file(face, port, channel, command.sfi, operation, (structure) => structure === 'transparent');
    if (typeof file === 'number') return answer(file);
    const content = this.#contents.get(file)?.[0] as number[];
    if (command.offset >= content.length) return answer(0x6b00);
    if (command.is === 'update-binary') {
      if (command.offset + command.data.length > content.length) return answer(0x6a84);
      content.splice(command.offset, command.data.length, ...command.data);
      this.#settle(channel, file, command.sfi);
      return answer(0x9000);
    }
    const data = content.slice(command.offset, command.offset + command.ne);
    const all = command.ne === ASK ? content.slice(command.offset) : data;
    this.#settle(channel, file, command.sfi);
    // 256 asks for what there is, up to 256 bytes.
    return this.#send(
      face,
      port,
      number,
      data,
      command.ne,
      all.length < command.ne && command.ne !== ASK ? 0x6282 : 0x9000,
    );
  }

  // Records.

  #readRecord(
    face: Face,
    port: Port,
    number: number,
    channel: Channel,
    command: Extract<Command, { is: 'read-record' }>,
  ): Expected {
    const file = this.#file(face, port, channel, command.sfi, 'read', (structure) => structure !== 'transparent');
    if (typeof file === 'number') return answer(file);
    const records = this.#contents.get(file) as number[][];
    const record = this.#record(records, channel, command);
    if (record === 0) return answer(0x6a83);
    const numbers = command.mode <= 4 ? [record] : records.map((_, i) => i + 1).slice(record - 1);
    if (command.mode === 6) numbers.reverse();
    const data = numbers.flatMap((each) => records[each - 1] as number[]);
    if (command.ne !== ASK && data.length > command.ne) return answer(0x6c00 | (data.length > 255 ? 0 : data.length));
    this.#settle(channel, file, command.sfi);
    if (command.mode < 4) channel.record = record;
    return this.#send(
      face,
      port,
      number,
      data,
      command.ne,
      data.length < command.ne && command.ne !== ASK ? 0x6282 : 0x9000,
    );
  }

  #writeRecord(
    face: Face,
    port: Port,
    channel: Channel,
    command: Extract<Command, { is: 'update-record' | 'append-record' | 'erase-record' }>,
  ): Expected {
    const operation = command.is === 'append-record' ? 'append' : 'update';
    const file = this.#file(face, port, channel, command.sfi, operation, (structure) => structure !== 'transparent');
    if (typeof file === 'number') return answer(file);
    const records = this.#contents.get(file) as number[][];
    if (command.is === 'erase-record') {
      if (command.p1 > records.length) return answer(0x6a83);
      (records[command.p1 - 1] as number[]).fill(0);
      this.#settle(channel, file, command.sfi);
      return answer(0x9000);
    }
    const { length } = command.data;
    const fits = file.structure === 'linear-variable' ? length <= file.recordSize : length === file.recordSize;
    if (command.is === 'append-record' || (file.structure === 'cyclic' && command.mode === 3)) {
      if (!fits) return answer(0x6700);
      if (file.structure === 'cyclic') {
        records.unshift([...command.data]);
        records.splice(file.capacity);
      } else if (records.length === file.capacity) return answer(0x6a84);
      else records.push([...command.data]);
      this.#settle(channel, file, command.sfi);
      channel.record = file.structure === 'cyclic' ? 1 : records.length;
      return answer(0x9000);
    }
    const record = this.#record(records, channel, command);
    if (record === 0) return answer(0x6a83);
    if (!fits) return answer(0x6700);
    records[record - 1] = [...command.data];
    this.#settle(channel, file, command.sfi);
    if (command.mode < 4) channel.record = record;
    return answer(0x9000);
  }

  /** Number of the record meant, 0 for none. */
  #record(
    records: readonly number[][],
    channel: Channel,
    { sfi, p1, mode }: { sfi: number | null; p1: number; mode: number },
  ): number {
    const current = sfi === null ? channel.record : 0;
    if (mode >= 4) {
      const wanted = p1 === 0 ? current : p1;
      return wanted <= records.length ? wanted : 0;
    }
    const matching = records.map((record, i) => ({ identifier: record[0], number: i + 1 }));
    const fit = matching.filter(({ identifier }) => p1 === 0 || identifier === p1).map(({ number }) => number);
    const first = fit[0] ?? 0;
    const last = fit.at(-1) ?? 0;
    if (mode === 0 || (mode === 2 && current === 0)) return first;
    if (mode === 1 || (mode === 3 && current === 0)) return last;
    return (mode === 2 ? fit.find((each) => each > current) : fit.filter((each) => each < current).at(-1)) ?? 0;
  }

  // What data commands share.

  #file(
    face: Face,
    port: Port,
    channel: Channel,
    sfi: number | null,
    operation: Operation,
    fits: (structure: FilePlan['structure']) => boolean,
  ): FilePlan | number {
    const file = sfi === null ? channel.file : channel.directory.plan.files.find((each) => each.sfi === sfi);
    if (file === undefined) return 0x6a82;
    if (file === null) return 0x6986;
    if (!fits(file.structure)) return 0x6981;
    if (this.#state(file) !== 'activated') return 0x6985;
    return this.#permits(file.rules[operation][face], port, channel) ? file : 0x6982;
  }

  #permits(rule: Rule, port: Port, channel: Channel): boolean {
    const facts = this.#facts(port, channel);
    if (!holds(rule, facts)) return false;
    if (!holds(rule, { ...facts, window: null })) port.byHolder = facts.window;
    return true;
  }

  // Life cycle.

  #switch(face: Face, port: Port, channel: Channel, to: 'activate' | 'deactivate'): Expected {
    const file = channel.file ?? channel.directory.plan;
    const above = channel.file === null ? channel.directory.parent : channel.directory;
    if (this.#state(file) === 'terminated') return answer(0x6985);
    if (above !== null && !this.#isUsable(above)) return answer(0x6985);
    const rule = 'rules' in file ? file.rules[to][face] : (file.switching ?? NEVER);
    if (!this.#permits(rule, port, channel)) return answer(0x6982);
    this.#states.set(file, to === 'activate' ? 'activated' : 'deactivated');
    return answer(0x9000);
  }

  #state(file: FilePlan | DirectoryPlan): LifeCycle {
    return this.#states.get(file) ?? file.lifeCycle ?? 'activated';
  }

  /** A directory that is deactivated takes all below along. */
  #isUsable(directory: Directory): boolean {
    if (this.#state(directory.plan) !== 'activated') return false;
    return directory.parent === null || this.#isUsable(directory.parent);
  }

  #settle(channel: Channel, file: FilePlan, sfi: number | null): void {
    if (sfi === null) return;
    channel.file = file;
    channel.record = 0;
  }

  #send(
    face: Face,
    port: Port,
    channel: number,
    data: readonly number[],
    ne: number,
    sw: number,
    byHolder: string | null = port.byHolder,
  ): Expected {
    const most = Math.min(ne, LARGEST_ANSWER[face]);
    if (data.length <= most) return answer(sw, data);
    port.rest = { bytes: data.slice(most), sw, channel, byHolder };
    const left = data.length - most;
    return answer(0x6100 | (left >= 256 ? 0 : left), data.slice(0, most));
  }

  // Codes.

  #withCode(face: Face, port: Port, channel: Channel, command: Extract<Command, { reference: number }>): Expected {
    const code = this.#code(command.reference, channel.directory);
    if (code === null) return answer(0x6a88);
    const proven = this.#provenBy(port, channel, code);
    const typed = code.unlocksHolder && face === 'wired';
    const mayPresent = (which: CodePlan): boolean => holds(which.rules[face], this.#facts(port, channel));
    switch (command.is) {
      case 'query':
        return answer(proven.has(code) || this.#disabled.has(code) ? 0x9000 : this.#refusal(code));
      case 'forget':
        proven.delete(code);
        if (typed) this.#lock();
        return answer(0x9000);
      case 'verify': {
        if (!mayPresent(code)) return answer(0x6982);
        if (!lengthFits(code, command.code.length)) return answer(0x6700);
        const refused = this.#present(code, command.code === this.#values.get(code), proven, typed);
        if (refused !== null) return refused;
        proven.add(code);
        if (typed)
          this.#window = {
            number: ++this.#windows,
            code: code.id,
            until: this.#now + WINDOW_SECONDS,
            uses: WINDOW_USES,
          };
        return answer(0x9000);
      }
      case 'change': {
        if (!mayPresent(code)) return answer(0x6982);
        const both = command.old + command.fresh;
        const splits = lengths(code).filter((length) => lengthFits(code, both.length - length));
        if (splits.length === 0) return answer(0x6700);
        const value = this.#values.get(code) as string;
        const right = both.startsWith(value) && splits.includes(value.length);
        const refused = this.#present(code, right, proven, typed);
        if (refused !== null) return refused;
        this.#values.set(code, both.slice(value.length));
        return answer(0x9000);
      }
      case 'change-verified':
        if (!mayPresent(code) || !proven.has(code)) return answer(0x6982);
        if (!lengthFits(code, command.fresh.length)) return answer(0x6700);
        this.#values.set(code, command.fresh);
        return answer(0x9000);
      case 'require':
        if (!code.canBeDisabled) return answer(0x6985);
        if (command.code === null && !proven.has(code)) return answer(0x6982);
        if (command.code !== null) {
          if (!mayPresent(code)) return answer(0x6982);
          if (!lengthFits(code, command.code.length)) return answer(0x6700);
          const refused = this.#present(code, command.code === this.#values.get(code), proven, typed);
          if (refused !== null) return refused;
        }
        if (command.required) {
          this.#disabled.delete(code);
          proven.delete(code);
        } else this.#disabled.add(code);
        return answer(0x9000);
      case 'unblock':
      case 'unblock-verified':
        return this.#unblock(port, channel, code, command, mayPresent);
    }
  }

  #unblock(
    port: Port,
    channel: Channel,
    code: CodePlan,
    command: Extract<Command, { is: 'unblock' | 'unblock-verified' }>,
    mayPresent: (which: CodePlan) => boolean,
  ): Expected {
    const puk = this.#unblocking(code);
    if (puk === null) return answer(0x6985);
    const proven = this.#provenBy(port, channel, puk);
    if (command.is === 'unblock-verified') {
      if (!proven.has(puk)) return answer(0x6982);
    } else {
      if (!mayPresent(puk)) return answer(0x6982);
      const value = this.#values.get(puk) as string;
      const both = command.puk + (command.fresh ?? '');
      const splits = lengths(puk).filter((length) =>
        command.fresh === null ? length === both.length : lengthFits(code, both.length - length),
      );
      if (splits.length === 0) return answer(0x6700);
      const refused = this.#present(puk, both.startsWith(value) && splits.includes(value.length), proven, false);
      if (refused !== null) return refused;
    }
    if (command.fresh !== null) {
      // Nothing marks where the unblocking code ends but that it is right.
      const both = command.is === 'unblock' ? command.puk + command.fresh : command.fresh;
      const fresh = command.is === 'unblock' ? both.slice((this.#values.get(puk) as string).length) : both;
      if (!lengthFits(code, fresh.length)) return answer(0x6700);
      this.#values.set(code, fresh);
    }
    this.#provenBy(port, channel, code).delete(code);
    this.#tries.set(code, code.tries);
    return answer(0x9000);
  }

  /** Spends a try. @returns the refusal, or null for the right code, which gives the tries back */
  #present(code: CodePlan, right: boolean, proven: Set<CodePlan>, typed: boolean): Expected | null {
    const left = this.#tries.get(code) as number;
    if (left > 0 && right) {
      this.#tries.set(code, code.tries);
      return null;
    }
    proven.delete(code);
    if (typed) this.#lock();
    if (left === 0) return answer(0x6983);
    this.#tries.set(code, left - 1);
    return answer(0x63c0 | (left - 1));
  }

  #refusal(code: CodePlan): number {
    const left = this.#tries.get(code) as number;
    return left === 0 ? 0x6983 : 0x63c0 | left;
  }

  /** A local code is there in its application and below it, up to the next application; a card-wide one anywhere. */
  #code(reference: number, from: Directory): CodePlan | null {
    const named = (directory: Directory): CodePlan | undefined =>
      directory.plan.codes.find((code) => code.reference === reference);
    if (reference < 0x80) return named(this.#root) ?? null;
    const application = applicationOf(from);
    for (let at: Directory | null = from; at !== null; at = at.parent) {
      const found = named(at);
      if (found !== undefined) return found;
      if (at === application) return null;
    }
    return null;
  }

  #unblocking(code: CodePlan): CodePlan | null {
    const own = this.#directories.find(({ plan }) => plan.codes.includes(code)) as Directory;
    return own.plan.codes.find(({ reference }) => reference === code.unblockedBy) ?? null;
  }

  #provenBy(port: Port, channel: Channel, code: CodePlan): Set<CodePlan> {
    return code.reference < 0x80 ? port.proven : channel.proven;
  }

  // Channels.

  #manageChannel(
    port: Port,
    number: number,
    channel: Channel,
    command: Extract<Command, { is: 'open-channel' | 'close-channel' }>,
  ): Expected {
    if (command.is === 'close-channel') {
      const closing = command.number === 0 ? number : command.number;
      if (closing === 0) return answer(0x6a81);
      return answer(port.channels.delete(closing) ? 0x9000 : 0x6200);
    }
    const chosen = Array.from({ length: CHANNELS }, (_, i) => i).find((each) => !port.channels.has(each));
    const opening = command.number === 0 ? chosen : command.number;
    if (opening === undefined) return answer(0x6a81);
    if (port.channels.has(opening)) return answer(0x6a86);
    const directory = number === 0 ? this.#root : channel.directory;
    port.channels.set(opening, { directory, file: null, record: 0, proven: new Set() });
    return answer(0x9000, command.number === 0 ? [opening] : []);
  }

  // Small things.

  get #root(): Directory {
    return this.#directories[0] as Directory;
  }

  #port(face: Face): Port {
    return this.#ports.get(face) as Port;
  }

  #facts(port: Port, channel: Channel): Facts {
    return {
      proven: (id) => {
        const code = CODES.find((each) => each.id === id) as CodePlan;
        return this.#disabled.has(code) || this.#provenBy(port, channel, code).has(code);
      },
      window: this.#isWindowOpen(port) ? this.#window.code : null,
    };
  }

  /** For an interface: a presentation that has begun goes on until its end. */
  #isWindowOpen(port: Port): boolean {
    const { number, until, uses } = this.#window;
    return number !== 0 && this.#now < until && (uses > 0 || port.window === number);
  }

  #lock(): void {
    this.#window = CLOSED_WINDOW;
  }

  #child(directory: Directory, fid: number): Directory | FilePlan | null {
    const below = this.#directories.find(({ parent, plan }) => parent === directory && plan.fid === fid);
    return below ?? directory.plan.files.find((file) => file.fid === fid) ?? null;
  }

  #directoryOf(file: FilePlan): Directory {
    return this.#directories.find(({ plan }) => plan.files.includes(file)) as Directory;
  }
}

function directories(): Directory[] {
  const all: Directory[] = [];
  for (const plan of directoriesOf()) {
    all.push({ plan, parent: all.find((each) => each.plan.directories.includes(plan)) ?? null });
  }
  return all;
}

function freshPort(root: Directory): Port {
  const basic = { directory: root, file: null, record: 0, proven: new Set<CodePlan>() };
  return { channels: new Map([[0, basic]]), proven: new Set(), window: 0, byHolder: null, rest: null };
}

/** The directory whose name selects this one: itself, or the nearest one above with a name, or the MF. */
function applicationOf(directory: Directory): Directory {
  return directory.plan.name !== null || directory.parent === null ? directory : applicationOf(directory.parent);
}

function lengthFits(code: CodePlan, length: number): boolean {
  return length >= code.minLength && length <= code.maxLength;
}

function lengths(code: CodePlan): number[] {
  return Array.from({ length: code.maxLength - code.minLength + 1 }, (_, i) => code.minLength + i);
}
