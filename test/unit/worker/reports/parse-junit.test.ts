import { describe, expect, it } from 'vitest';
import { parseJunit } from '../../../../worker/reports/parse-junit.ts';

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** There is no secret. */
const plain = (text: string) => text;

const parse = (text: string | Buffer, size = 64 * 1024) =>
  parseJunit(inPieces(typeof text === 'string' ? Buffer.from(text) : text, size), plain);

describe('the dialects', () => {
  it("reads JUnit's own form, by Maven, with failure, error and skipped", async () => {
    const { results, complaint } = await parse(`<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="shop.CartTest" time="1,002.5" tests="4" errors="1" skipped="1" failures="1">
  <properties><property name="java.version" value="21"/></properties>
  <testcase name="adds" classname="shop.CartTest" time="0.012"/>
  <testcase name="removes" classname="shop.CartTest" time="1.5">
    <failure message="expected: &lt;2&gt; but was: &lt;3&gt;" type="AssertionFailedError"><![CDATA[AssertionFailedError: expected
	at org.junit.Assert.fail(Assert.java:86)
	at shop.CartTest.removes(CartTest.java:31)]]></failure>
    <system-out>not of the failure</system-out>
  </testcase>
  <testcase name="pays" classname="shop.CartTest"><error type="java.io.IOException"/></testcase>
  <testcase name="ships" classname="shop.CartTest"><skipped message="not yet"/></testcase>
</testsuite>`);
    expect(complaint).toBeNull();
    expect(results).toEqual([
      {
        suite: 'shop.CartTest',
        name: 'adds',
        file: null,
        line: null,
        status: 'passed',
        durationMs: 12,
        message: null,
      },
      {
        suite: 'shop.CartTest',
        name: 'removes',
        file: 'CartTest.java',
        line: 31,
        status: 'failed',
        durationMs: 1_500,
        message:
          'expected: <2> but was: <3>\nAssertionFailedError: expected\n\tat org.junit.Assert.fail(Assert.java:86)\n\tat shop.CartTest.removes(CartTest.java:31)',
      },
      expect.objectContaining({ name: 'pays', status: 'error', message: 'java.io.IOException' }),
      expect.objectContaining({ name: 'ships', status: 'skipped', message: 'not yet' }),
    ]);
  });

  it("reads vitest's and jest's, whose suites are files", async () => {
    const { results } =
      await parse(`<testsuites name="vitest tests"><testsuite name="test/sum.test.ts" tests="1">
      <testcase classname="test/sum.test.ts" name="sum &gt; adds" time="0.004">
        <failure message="expected 3 to be 4" type="AssertionError">AssertionError: expected 3 to be 4
 ❯ node_modules/lib/index.js:1:1
 ❯ test/sum.test.ts:7:21</failure></testcase></testsuite></testsuites>`);
    expect(results).toMatchObject([
      { suite: 'test/sum.test.ts', name: 'sum > adds', file: 'test/sum.test.ts', line: 7, status: 'failed' },
    ]);
  });

  it("reads pytest's, with the place at the end of what was said", async () => {
    const { results } = await parse(`<testsuites><testsuite name="pytest" errors="0">
      <testcase classname="tests.test_a" name="test_b[1]" time="0.001"><failure message="assert 1 == 2">def test_b():
&gt;       assert 1 == 2
E       assert 1 == 2

tests/test_a.py:4: AssertionError</failure></testcase></testsuite></testsuites>`);
    expect(results).toMatchObject([{ suite: 'tests.test_a', file: 'tests/test_a.py', line: 4 }]);
  });

  it('takes the place from the attributes of a test, its suite or the suite around that', async () => {
    const { results } = await parse(`<testsuites><testsuite name="a" file="spec/a.rb"><testsuite name="b">
      <testcase name="one" line="12"/><testcase name="two" file="spec/b.rb" lineno="3"/></testsuite>
      <testcase name="three"><failure>boom
  spec/a.rb:9:in 'block'</failure></testcase></testsuite></testsuites>`);
    expect(results.map(({ suite, file, line }) => [suite, file, line])).toEqual([
      ['b', 'spec/a.rb', 12],
      ['b', 'spec/b.rb', 3],
      ['a', 'spec/a.rb', 9],
    ]);
  });

  it('reads it whatever the pieces are that it comes in', async () => {
    const text = `<testsuite name="ä"><testcase name="größer &amp; kleiner"><failure>nö: ☃</failure></testcase></testsuite>`;
    const whole = await parse(text);
    for (const size of [1, 2, 3, 7]) expect(await parse(text, size)).toEqual(whole);
    expect(whole.results).toMatchObject([{ suite: 'ä', name: 'größer & kleiner', message: 'nö: ☃' }]);
  });

  it('reads the encoding that the file names, and UTF-16 by its mark', async () => {
    const latin = Buffer.from(
      '<?xml version="1.0" encoding="ISO-8859-1"?><testsuite><testcase name="Köln"/></testsuite>',
      'latin1',
    );
    const wide = Buffer.from('\ufeff<testsuite><testcase name="Köln"/></testsuite>', 'utf16le');
    for (const bytes of [latin, wide]) expect((await parse(bytes)).results).toMatchObject([{ name: 'Köln' }]);
  });

  it('counts the worst of several ends, and a test without a name', async () => {
    const { results } = await parse(
      '<testsuite><testcase><skipped/><failure message="a"/><error message="b"/></testcase></testsuite>',
    );
    expect(results).toMatchObject([{ name: '(without a name)', status: 'failed', message: 'a' }]);
  });
});

describe('a file that is no report', () => {
  it('gives what stood before the mistake, and says where it stopped', async () => {
    const { results, complaint } = await parse('<testsuite><testcase name="a"/><testcase name="b"><fail');
    expect(results).toMatchObject([{ name: 'a' }]);
    expect(complaint).toMatch(/^is no XML: /);
  });

  it('is another kind of XML, JSON, binary, or empty', async () => {
    expect((await parse('<coverage/>')).complaint).toBe('is no JUnit report: it begins with <coverage>');
    for (const text of ['{"tests": 1}', '', Buffer.from([0, 1, 2, 255, 254])])
      expect((await parse(text)).complaint).toMatch(/^is no XML: /);
  });

  it('replaces no entity of its own and asks nobody for one', async () => {
    const bomb = `<!DOCTYPE t [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
      <!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&b;"/><testcase name="&x;"/></testsuite>`;
    const { results, complaint } = await parse(bomb);
    expect(complaint).toMatch(/^is no XML: .*entity/);
    expect(JSON.stringify(results)).not.toMatch(/aaaa|root:/);
  });

  it('is bounded in depth, attributes, tests and text', async () => {
    expect((await parse('<testsuite>'.repeat(100_000))).complaint).toBe(
      'has too many elements inside one another',
    );
    const many = Array.from({ length: 10_000 }, (_, n) => `a${n}=""`).join(' ');
    expect((await parse(`<testsuite ${many}/>`)).complaint).toBe('has an element with too many attributes');
    const bounds = { results: 3, text: 10 };
    const tests = `<testsuite>${`<testcase name="a"><failure>${'x'.repeat(1_000)}</failure></testcase>`.repeat(5)}`;
    const { results, complaint } = await parseJunit(inPieces(Buffer.from(tests), 100), plain, bounds);
    expect(complaint).toBe('has more than 3 tests');
    expect(results).toHaveLength(3);
    expect(results[0]?.message).toBe('x'.repeat(10));
  });

  it('takes names that an object of JavaScript has for names like others', async () => {
    const { results, complaint } = await parse(
      '<testsuite constructor="x"><testcase name="__proto__" __proto__="y"><constructor/><toString>z</toString></testcase></testsuite>',
    );
    expect(complaint).toBeNull();
    expect(results).toMatchObject([{ name: '__proto__', status: 'passed', message: null }]);
  });

  it('is looked through for places in a time that grows with its length only', async () => {
    const said = `${'a/'.repeat(40_000)} ${'a.b'.repeat(5_000)} ${'File "'.repeat(10_000)}`;
    const began = performance.now();
    await parse(
      `<testsuite>${`<testcase name="a"><failure>${said}</failure></testcase>`.repeat(20)}</testsuite>`,
    );
    expect(performance.now() - began).toBeLessThan(5_000);
  });
});
