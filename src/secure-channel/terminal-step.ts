import { encodeCommand, INS, SW } from '../apdu/index.ts';
import { CryptoError } from '../hal/crypto.ts';
import { ChannelError, refused } from './channel-error.ts';
import { readDynamicAuthenticationData, writeDynamicAuthenticationData } from './dynamic-authentication-data.ts';

/** Status word and data field of a response APDU. @throws {ChannelError} `malformed` */
export function splitResponse(
  step: string,
  response: Uint8Array,
): { readonly data: Uint8Array; readonly status: number } {
  const end = response.length - 2;
  if (end < 0) throw new ChannelError('malformed', `${step}: the answer has no status word`);
  return {
    data: response.subarray(0, end),
    status: ((response[end] as number) << 8) | (response[end + 1] as number),
  };
}

/** The objects of template 7C in a response with 9000. @throws {ChannelError} `refused`, `malformed` */
export function authenticationObjects(step: string, response: Uint8Array): ReadonlyMap<number, Uint8Array> {
  const { data, status } = splitResponse(step, response);
  if (status !== SW.OK) throw refused(step, status);
  const objects = readDynamicAuthenticationData(data);
  if (objects === null) throw new ChannelError('malformed', `${step}: the answer is no template 7C`);
  return objects;
}

/** One object of them. @throws {ChannelError} `malformed` when the chip left it out */
export function authenticationObject(step: string, objects: ReadonlyMap<number, Uint8Array>, tag: number): Uint8Array {
  const value = objects.get(tag);
  if (value === undefined) {
    throw new ChannelError('malformed', `${step}: the answer has no object ${tag.toString(16).toUpperCase()}`);
  }
  return value;
}

/** GENERAL AUTHENTICATE with these objects, Le 00. @param more whether another step of the chain follows */
export function generalAuthenticate(
  objects: readonly (readonly [tag: number, value: Uint8Array])[],
  more: boolean,
): Uint8Array {
  return encodeCommand({
    cla: more ? 0x10 : 0x00,
    ins: INS.GENERAL_AUTHENTICATE,
    p1: 0,
    p2: 0,
    data: writeDynamicAuthenticationData(objects),
    ne: 256,
  });
}

/** What the chip's bytes made of a computation. @throws {ChannelError} `incorrect` where the key is no point */
export function computed<T>(step: string, compute: () => T): T {
  try {
    return compute();
  } catch (error) {
    if (error instanceof CryptoError) {
      throw new ChannelError('incorrect', `${step}: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
