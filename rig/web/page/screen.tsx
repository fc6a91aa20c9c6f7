import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';

interface ScreenProps {
  readonly title: string;
  readonly children: ComponentChildren;
  /** Whether the reader came here by an act of theirs: then the title has the keyboard's focus, and is read aloud. */
  readonly entered?: boolean;
}

/** One step of a page, under a heading. */
export function Screen({ title, children, entered }: ScreenProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => {
    if (entered === true) heading.current?.focus();
  }, [entered]);
  return (
    <section class="panel">
      <h2 ref={heading} tabIndex={-1}>
        {title}
      </h2>
      {children}
    </section>
  );
}
