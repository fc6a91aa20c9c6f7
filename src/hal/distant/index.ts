/**
 * A reader at another machine, as if it were here: each command goes to the far end and its answer comes back.
 *
 * | can | cannot |
 * |---|---|
 * | everything that the far reader can, and its errors by their kinds | be faster than the way there |
 * | tell the time at the far reader from that of the network: an exchange has the far time alone, and `networkNs` the rest | know when within the whole the card was asked: it is put in the middle |
 */

export { FarEnd } from './far-end.ts';
export type { Channel } from './messages.ts';
export { MOST_MESSAGE_CHARACTERS } from './messages.ts';
export { DistantReader } from './reader.ts';
export { keepAlive, openWebSocket, SOCKET_LIMITS, type Socket, webSocketChannel } from './web-socket.ts';
