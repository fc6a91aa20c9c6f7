import { describe, expect, it } from 'vitest';
import { RealTimeline, VirtualTimeline } from '../../../rig/sim/timeline.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';

describe('virtual time', () => {
  it('passes from event to event, those of one moment in the order of the calls', async () => {
    const clock = new VirtualTimeline();
    const seen: [string, number][] = [];
    const note = (name: string) => (): void => void seen.push([name, clock.nowNs()]);
    clock.after(300, note('c'));
    clock.after(100, note('a'));
    clock.after(100, () => {
      note('b')();
      clock.after(50, note('between'));
    });
    clock.after(200, note('never'))();
    await new Promise<void>((resolve) => void clock.after(400, resolve));
    expect(seen).toEqual([
      ['a', 100],
      ['b', 100],
      ['between', 150],
      ['c', 300],
    ]);
  });

  it('lets a host react at the moment at which it was told', async () => {
    const clock = new VirtualTimeline();
    const told = new Promise<void>((resolve) => {
      clock.after(100, () => {
        clock.yieldToHost();
        resolve();
      });
    });
    const later = new Promise<void>((resolve) => void clock.after(200, resolve));
    await told;
    await Promise.resolve();
    expect(clock.nowNs()).toBe(100);
    await later;
    expect(clock.nowNs()).toBe(200);
  });

  it('an hour takes no time', async () => {
    const clock = new VirtualTimeline();
    await new Promise<void>((resolve) => void clock.after(3600e9, resolve));
    expect(clock.wallSeconds()).toBe(3600);
  });

  it('ends when it is stopped', async () => {
    const clock = new VirtualTimeline();
    let ran = false;
    clock.after(100, () => {
      ran = true;
    });
    clock.stop();
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(ran).toBe(false);
  });
});

describe('real time', () => {
  it('is never early, and keeps the order', async () => {
    // Time stands while the three are planned, however long a busy machine takes for that.
    const fromNs = systemClock.nowNs();
    let planning = true;
    const timeline = new RealTimeline({ ...systemClock, nowNs: () => (planning ? fromNs : systemClock.nowNs()) });
    const seen: string[] = [];
    timeline.after(200_000, () => seen.push('soon'));
    timeline.after(100_000, () => seen.push('at once'));
    timeline.after(150_000, () => seen.push('never'))();
    planning = false;
    await new Promise<void>((resolve) => void timeline.after(3_000_000, resolve));
    expect(timeline.nowNs() - fromNs).toBeGreaterThanOrEqual(3_000_000);
    expect(seen).toEqual(['at once', 'soon']);
  });

  it('each event happens at its moment, and so does what follows from it, however late the machine comes to them', async () => {
    let nowNs = 0;
    const timeline = new RealTimeline({ ...systemClock, nowNs: () => nowNs });
    const seen: [string, number][] = [];
    const note = (name: string) => (): void => void seen.push([name, timeline.nowNs()]);
    timeline.after(92_000_000, () => {
      note('asks for time')();
      timeline.after(500_000, note('is heard'));
    });
    timeline.after(158_000_000, note('gives up'));
    // Meanwhile this process gets no processor.
    nowNs = 300_000_000;
    await new Promise<void>((resolve) => void timeline.after(0, resolve));
    expect(seen).toEqual([
      ['asks for time', 92_000_000],
      ['is heard', 92_500_000],
      ['gives up', 158_000_000],
    ]);
    expect(timeline.nowNs()).toBe(300_000_000);
  });
});
