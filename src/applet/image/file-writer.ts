import { LIFE_CYCLE } from '../files/life-cycle.ts';
import { bodySize, encodeAttributes, encodeFileEntry, encodeState } from './file-entry.ts';
import { type PlacedFile, sizes } from './file-placement.ts';
import { fidInHex, type ImageWriter, limit } from './image-writer.ts';
import { BODY, FLAG_NAME_ONLY, LARGEST_CAPACITY, LARGEST_FILE, SLOT_LENGTH_SIZE } from './layout.ts';
import type { FileSpecification, LifeCycleState } from './specification.ts';

const LIFE_CYCLES: Readonly<Record<LifeCycleState, number>> = {
  creation: LIFE_CYCLE.CREATION,
  initialisation: LIFE_CYCLE.INITIALISATION,
  activated: LIFE_CYCLE.ACTIVATED,
  deactivated: LIFE_CYCLE.DEACTIVATED,
  terminated: LIFE_CYCLE.TERMINATED,
};

/** Entry and body of a file. @throws {SpecificationError} */
export function writeFile(image: ImageWriter, at: number, file: PlacedFile, body: number): void {
  const { spec, attributes } = file;
  const directory = spec.kind === 'directory' ? spec : null;
  image.bytes(
    at,
    encodeFileEntry({
      ...sizes(spec),
      flags: directory?.fci === 'name' ? FLAG_NAME_ONLY : 0,
      fid: spec.fid,
      parent: file.parent,
      sfi: spec.kind === 'directory' ? 0 : (spec.sfi ?? 0),
      name: checkedName(directory?.name, `name of ${fidInHex(spec.fid)}`),
      label: checkedName(directory?.label, `label of ${fidInHex(spec.fid)}`),
      rules: Uint8Array.from([...spec.access.contact, ...spec.access.contactless, ...spec.access.wired]),
      attributes,
      body,
    }),
  );
  image.bytes(body, encodeState(LIFE_CYCLES[spec.lifeCycle ?? 'activated']));
  image.bytes(body + BODY.DATA + bodySize(sizes(spec)), encodeAttributes(attributes));
  if (spec.kind === 'transparent') {
    limit(spec.content.length, 1, LARGEST_FILE, `content of ${fidInHex(spec.fid)}`);
    image.bytes(body + BODY.DATA, spec.content);
  } else if (spec.kind === 'ber-tlv') {
    limit(spec.capacity, 1, LARGEST_FILE, `capacity of ${fidInHex(spec.fid)}`);
    limit(spec.content.length, 0, spec.capacity, `content of ${fidInHex(spec.fid)}`);
    image.u16(body + BODY.USED, spec.content.length);
    image.bytes(body + BODY.DATA, spec.content);
  } else if (spec.kind !== 'directory') {
    writeRecords(image, body, spec);
  }
}

function writeRecords(
  image: ImageWriter,
  body: number,
  spec: Exclude<FileSpecification, { kind: 'directory' | 'transparent' | 'ber-tlv' }>,
): void {
  limit(spec.recordSize, 1, LARGEST_FILE, `record size of ${fidInHex(spec.fid)}`);
  limit(spec.capacity, 1, LARGEST_CAPACITY, `records of ${fidInHex(spec.fid)}`);
  limit(spec.records.length, 0, spec.capacity, `records in ${fidInHex(spec.fid)}`);
  const count = spec.records.length;
  image.u16(body + BODY.RECORD_COUNT, count);
  // In a cyclic file the slots were filled in the order of time: the newest, record 1, is in the last one used.
  image.u16(body + BODY.NEWEST, spec.kind === 'cyclic' && count > 0 ? count - 1 : 0);
  const variable = spec.kind === 'linear-variable';
  const slotSize = spec.recordSize + (variable ? SLOT_LENGTH_SIZE : 0);
  if (variable) for (let slot = 0; slot < spec.capacity; slot++) image.u16(body + BODY.DATA + slot * slotSize, 0);
  spec.records.forEach((record, i) => {
    const what = `record ${i + 1} of ${fidInHex(spec.fid)}`;
    if (variable) limit(record.length, 1, spec.recordSize, what);
    else limit(record.length, spec.recordSize, spec.recordSize, what);
    const slot = spec.kind === 'cyclic' ? count - 1 - i : i;
    const at = body + BODY.DATA + slot * slotSize;
    if (variable) image.u16(at, record.length);
    image.bytes(at + (variable ? SLOT_LENGTH_SIZE : 0), record);
  });
}

function checkedName(name: Uint8Array | null | undefined, what: string): Uint8Array | null {
  if (name === null || name === undefined) return null;
  limit(name.length, 1, 16, what);
  return name;
}
