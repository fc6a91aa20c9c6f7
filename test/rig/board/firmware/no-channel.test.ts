import { describe, expect, it } from 'vitest';
import * as standIn from '../../../../firmware/card/no-channel.ts';
import type { Channels } from '../../../../src/applet/channels.ts';
import { ExtendedAccess } from '../../../../src/applet/secure-messaging/extended-access.ts';
import { Pace } from '../../../../src/applet/secure-messaging/pace.ts';
import { readPaceOffers } from '../../../../src/applet/secure-messaging/pace-offers.ts';
import { SecureChannel } from '../../../../src/applet/secure-messaging/secure-channel.ts';

/** What one shows: values of its getters and fields, without the private ones, and the names of its methods. */
function shown(one: object, prototype: object): Record<string, unknown> {
  const names = [...Object.keys(one), ...Object.getOwnPropertyNames(prototype)].filter(
    (name) => name !== 'constructor',
  );
  const value = (name: string): unknown => (one as Record<string, unknown>)[name];
  return Object.fromEntries(
    names.sort().map((name) => [name, typeof value(name) === 'function' ? 'method' : value(name)]),
  );
}

type Methods = Readonly<Record<string, (...given: readonly unknown[]) => unknown>>;

describe('what stands in for the secure channel of a card without one', () => {
  const whole = new SecureChannel({} as Channels, {} as never, 261);

  it('shows what a channel without a session shows', () => {
    const less = new standIn.SecureChannel();
    expect(shown(less, standIn.SecureChannel.prototype)).toEqual(shown(whole, SecureChannel.prototype));
  });

  it('answers terminals and chip authentication as outside of a channel', () => {
    const made = new ExtendedAccess({} as never);
    const less = new standIn.ExtendedAccess();
    expect(shown(less, standIn.ExtendedAccess.prototype)).toEqual(shown(made, ExtendedAccess.prototype));
    const context = { secureChannel: whole };
    const of = (one: object, name: string): unknown => (one as Methods)[name]?.(context, new Uint8Array(8));
    const methods = Object.entries(shown(made, ExtendedAccess.prototype)).flatMap(([name, is]) =>
      is === 'method' ? name : [],
    );
    expect(methods.length).toBeGreaterThan(6);
    for (const name of methods) expect([name, of(less, name)]).toEqual([name, of(made, name)]);
  });

  it('has no protocol to offer, and all that one has', () => {
    const names = (of: object): string[] => Object.getOwnPropertyNames(of).sort();
    expect(names(standIn.Pace.prototype)).toEqual(names(Pace.prototype));
    expect(standIn.readPaceOffers.length).toBeLessThanOrEqual(readPaceOffers.length);
    expect(standIn.readPaceOffers({} as never, {} as never, {} as never)).toEqual([]);
  });
});
