import { describe, expect, it } from 'vitest';
import { ProfileError } from '../../../../rig/card/profile/profile-error.ts';
import { parseFaultFile } from '../../../../rig/sim/faults/file.ts';
import { FaultSyntaxError, parseFault } from '../../../../rig/sim/faults/parse.ts';
import { FAULT_NAMES, FAULTS, FaultPlan } from '../../../../rig/sim/faults/plan.ts';

const always = { from: 1, to: Number.POSITIVE_INFINITY };

describe('a fault on the command line', () => {
  it.each([
    ['a:lose-ack@3', { name: 'lose-ack', value: 0, from: 3, to: 3 }],
    ['a:lose-ack', { name: 'lose-ack', value: 0, ...always }],
    ['a:flip-to-host=7@12-20', { name: 'flip-to-host', value: 7, from: 12, to: 20 }],
    ['a:flip-to-chip@5-', { name: 'flip-to-chip', value: 0, from: 5, to: Number.POSITIVE_INFINITY }],
    ['a:unplug=2.5@100', { name: 'unplug', value: 2.5, from: 100, to: 100 }],
    ['a:latency-timer', { name: 'latency-timer', value: 16, ...always }],
  ])('%s', (text, fault) => {
    expect(parseFault(text)).toEqual({ board: 'a', fault });
  });

  it.each([
    ['lose-ack', 1, /BOARD:NAME/],
    [':lose-ack', 1, /BOARD:NAME/],
    ['a:lose-ak@3', 3, /no fault `lose-ak`/],
    ['a:lose-ack=1', 12, /takes no value/],
    ['a:flip-to-host=8@1', 16, /`8` is not a value of `flip-to-host`: bit 0 to 7/],
    ['a:flip-to-host=x', 16, /`x` is not a value/],
    ['a:lose-ack@0', 12, /`0` is not a place/],
    ['a:lose-ack@5-4', 12, /`5-4` is not a place/],
    ['a:mute@2', 8, /nothing to count/],
  ])('%s is wrong at column %i', (text, column, message) => {
    let error: unknown;
    try {
      parseFault(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toBeInstanceOf(FaultSyntaxError);
    expect(error).toMatchObject({ column });
    expect((error as Error).message).toMatch(message);
  });
});

describe('a fault script', () => {
  it('names faults by board', () => {
    const text =
      'faults:\n  - board: a\n    fault: lose-ack\n    at: 3\n  - { board: b, fault: unplug, value: 2, at: 500 }\n';
    expect(parseFaultFile(text, 'f.yaml', ['a', 'b'])).toEqual([
      { board: 'a', fault: { name: 'lose-ack', value: 0, from: 3, to: 3 } },
      { board: 'b', fault: { name: 'unplug', value: 2, from: 500, to: 500 } },
    ]);
  });

  it.each([
    ['faults:\n  - board: c\n    fault: mute\n', ['f.yaml:2:12: there is no board `c`; there are a, b']],
    ['faults:\n  - board: a\n    fault: lose-ak\n', [/^f\.yaml:3:12: there is no fault `lose-ak`/]],
    ['faults:\n  - board: a\n    fault: flip-air\n    value: 9\n', [/^f\.yaml:4:12: `9` is not a value of `flip-air`/]],
    ['faults:\n  - board: a\n    fault: lose-ack\n    at: 0\n', [/^f\.yaml:4:9: `0` is not a place/]],
    ['faults:\n  - board: a\n    fault: mute\n    when: 1\n', [/^f\.yaml:4:5: `when` is not a key of a fault/]],
    [
      'faults:\n  - board: a\n  - fault: mute\n',
      [/^f\.yaml:2:5: `fault` is missing/, /^f\.yaml:3:5: `board` is missing/],
    ],
    ['faults: none\n', [/^f\.yaml:1:9: `faults` is a list/]],
    ['faultz: []\n', [/^f\.yaml:1:1: `faultz` is not a key/, /^f\.yaml:1:1: a fault script begins with `faults:`/]],
    ['faults: [\n', [/^f\.yaml:\d+:\d+: not YAML/]],
  ])('%j is refused with its places', (text, lines) => {
    let message = '';
    try {
      parseFaultFile(text, 'f.yaml', ['a', 'b']);
    } catch (error) {
      expect(error).toBeInstanceOf(ProfileError);
      message = (error as Error).message;
    }
    const said = message.split('\n');
    expect(said).toHaveLength(lines.length);
    for (const [i, line] of lines.entries()) expect(said[i]).toMatch(line);
  });
});

describe('a fault plan', () => {
  it('strikes on its occasions alone', () => {
    const plan = new FaultPlan([parseFault('a:lose-ack@2-3').fault]);
    expect([1, 2, 3, 4].map(() => plan.strikes('lose-ack') !== null)).toEqual([false, true, true, false]);
  });

  it('counts several occasions at once, and tells which one it was', () => {
    const plan = new FaultPlan([parseFault('a:flip-to-host=4@12').fault]);
    expect(plan.strikes('flip-to-host', 6)).toBeNull();
    expect(plan.strikes('flip-to-host', 11)).toMatchObject({ at: 5, fault: { value: 4 } });
    expect(plan.strikes('flip-to-host', 100)).toBeNull();
  });

  it('has words for every fault', () => {
    for (const name of FAULT_NAMES) expect(FAULTS[name].what.length).toBeGreaterThan(10);
  });
});
