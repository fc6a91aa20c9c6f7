import { RunningVerb } from './running-verb.ts';

/** A board in qemu, run as a user runs it. */
export class EmulatedBoard extends RunningVerb {
  readonly host: string;

  constructor(elf: string, host: string, ...more: string[]) {
    super('firmware', 'run', elf, '--board', 'mps2-an386', '--host', host, ...more);
    this.host = host;
  }

  started(): Promise<void> {
    return this.says('--reader firmware:');
  }
}

/** Two simulated PN532 boards in one field. */
export class BoardPair extends RunningVerb {
  constructor(a: string, b: string) {
    super('board', 'sim', '--pair', '--link-a', a, '--link-b', b);
  }

  started(): Promise<void> {
    return this.says('ready');
  }

  /** A host has made one of them a card. */
  targeted(): Promise<void> {
    return this.says('TgInitAsTarget');
  }
}

/** `vitap record` between the card of a board and the first slot of vpcd. */
export class RecordingRelay extends RunningVerb {
  constructor(trace: string, host: string) {
    super('record', trace, '--reader', `firmware:${host}`, '--to', 'vpcd');
  }
}
