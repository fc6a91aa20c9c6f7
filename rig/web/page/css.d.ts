/** esbuild puts an imported style into the page's own file. */
declare module '*.css';
