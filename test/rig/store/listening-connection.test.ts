import { EventEmitter } from 'node:events';
import type { Client } from 'pg';
import { expect, it, vi } from 'vitest';
import { ListeningConnection } from '../../../rig/store/listening-connection.ts';

it('hears nothing more that a connection brings while it ends', async () => {
  const client = Object.assign(new EventEmitter(), {
    connect: async () => {},
    query: async () => {},
    escapeIdentifier: (name: string) => `"${name}"`,
    // As the real one: it is not over at once.
    end: () => new Promise(() => {}),
  });
  const heard: (string | null)[] = [];
  const listening = new ListeningConnection(
    () => client as unknown as Client,
    'bell',
    (payload) => heard.push(payload),
  );
  await vi.waitFor(() => expect(heard).toEqual([null]), 20_000);
  client.emit('notification', { payload: 'one' });
  await listening.close();
  client.emit('notification', { payload: 'two' });
  expect(heard).toEqual([null, 'one']);
});
