import type { CardSpecification, FileSpecification } from '../../../../src/applet/image/specification.ts';

/** User authentication in security environment 2 of apcv: the holder's unlock (ISO/IEC 7816-4, compact format). */
const BY_HOLDER = 0x12;

/**
 * Profile apcv with one condition less: over an antenna its own application is read after the holder's unlock, in
 * clear. Shows the holder's window and the read plans alone; the shipped card also wants a channel.
 */
export function holderAlone(apcv: CardSpecification): CardSpecification {
  const children = apcv.masterFile.children.map((child) =>
    child.kind === 'directory' && child.fid === 0xe000
      ? { ...child, children: child.children.map((file) => readByHolder(file)) }
      : child,
  );
  return { ...apcv, masterFile: { ...apcv.masterFile, children } };
}

function readByHolder<F extends FileSpecification>(file: F): F {
  const { contactless: _, ...attributes } = file.attributes ?? {};
  const [, ...others] = file.access.contactless;
  return { ...file, attributes, access: { ...file.access, contactless: [BY_HOLDER, ...others] } };
}
