import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createRouter, route, table } from '@sluice/core';
import { describe, expect, it } from 'vitest';
import { asyncApi } from './asyncapi.js';
import { asyncApiPage } from './asyncapi-page.js';

const shop = table('shop', { keys: { partition: 'pk' } });
const hostile = '</script><script>alert(1)</script><!--<script>\u2028';
const title = `Us & "them" ${hostile}`;
const document = asyncApi(
  createRouter({
    routes: route.insert(shop, { id: hostile, when: shop.attr('a').is(hostile) }, () => undefined),
  }),
  { title },
);

/** What a browser has of a page's scripts: a `<script>` ends with the first `</script`, and the text of data is taken as it is. */
function scriptsOf(page: string): readonly string[] {
  return [...page.matchAll(/<script[^>]*>([\s\S]*?)<\/script/gi)].map(([, text]) => text ?? '');
}

describe('the page', () => {
  it('holds the document as it is, whatever its texts have in them', () => {
    const scripts = scriptsOf(asyncApiPage(document, { script: 'const c = 1;', style: '' }));
    expect(scripts).toHaveLength(3);
    expect(JSON.parse(scripts[0] ?? '')).toEqual(document);
  });

  it('shows the title as text', () => {
    const page = asyncApiPage(document, { script: '', style: '' });
    expect(page).toContain('<title>Us &#38; &#34;them&#34; &#60;/script&#62;');
  });

  it('holds a component that speaks of ends of scripts and styles', () => {
    const script = 'globalThis.found = ["</script>", "<!--", /<\\/script>/.test("</script>")];';
    const page = asyncApiPage(document, { script, style: 'a::after { content: "</style>" }' });
    const scripts = scriptsOf(page);
    expect(scripts).toHaveLength(3);
    const found = new Function('globalThis', `${scripts[1]}; return globalThis.found`)({});
    expect(found).toEqual(['</script>', '<!--', true]);
    expect(page.match(/<\/style/g)).toHaveLength(1);
  });

  it('gives the component of AsyncAPI the document to draw', () => {
    const require = createRequire(import.meta.url);
    const read = (path: string) => readFileSync(path, 'utf8');
    const script = read(require.resolve('@asyncapi/react-component/browser/standalone/index.js'));
    const style = read(require.resolve('@asyncapi/react-component/styles/default.min.css'));
    const scripts = scriptsOf(asyncApiPage(document, { script, style }));
    expect(scripts).toHaveLength(3);
    expect(scripts[1]).toContain('AsyncApiStandalone');
    expect(() => new Function(scripts[1] ?? '')).not.toThrow();

    const drawn: unknown[] = [];
    const world = {
      AsyncApiStandalone: { render: (...given: unknown[]) => drawn.push(...given) },
      document: { getElementById: (id: string) => ({ id, textContent: scripts[0] }) },
    };
    new Function(...Object.keys(world), scripts[2] ?? '')(...Object.values(world));
    expect(drawn).toEqual([
      { schema: document, config: { show: { sidebar: true } } },
      expect.objectContaining({ id: 'asyncapi' }),
    ]);
  });

  it('lets nothing be asked of the network', () => {
    const page = asyncApiPage(document, { script: '', style: '' });
    expect(page).toContain(`http-equiv="Content-Security-Policy" content="default-src 'none';`);
    expect(page).not.toMatch(/\b(src|href)=/);
    // The default is not that of these, and descriptions may have forms in them.
    expect(page).toMatch(/form-action 'none'.*base-uri 'none'/);
  });
});
