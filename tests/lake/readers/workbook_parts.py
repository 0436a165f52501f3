"""A workbook in its parts, as Excel writes them: texts apart from cells, dates as numbers with a format."""

OPEN = "http://schemas.openxmlformats.org"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
MAIN, LINKS = f"{OPEN}/spreadsheetml/2006/main", f"{OPEN}/officeDocument/2006/relationships"
SHEET, STYLES = "xl/worksheets/sheet1.xml", "xl/styles.xml"
PARTS = {
    "[Content_Types].xml": f"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="{OPEN}/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{KIND}.worksheet+xml"/>
<Override PartName="/xl/styles.xml" ContentType="{KIND}.styles+xml"/>
<Override PartName="/xl/sharedStrings.xml" ContentType="{KIND}.sharedStrings+xml"/>
</Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{OPEN}/package/2006/relationships">
<Relationship Id="rId1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/workbook.xml": f"""<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><workbookPr date1904="0"/>
<sheets><sheet name="Tabelle1" sheetId="1" r:id="rId1"/></sheets></workbook>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{OPEN}/package/2006/relationships">
<Relationship Id="rId1" Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/>
<Relationship Id="rId2" Type="{LINKS}/styles" Target="styles.xml"/>
<Relationship Id="rId3" Type="{LINKS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>""",
    STYLES: f"""<styleSheet xmlns="{MAIN}">
<numFmts count="1"><numFmt numFmtId="164" formatCode="dd\\.mm\\.yyyy\\ hh:mm"/></numFmts><fonts count="1"><font/>
</fonts><fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders>
<cellStyleXfs count="1"><xf/></cellStyleXfs>
<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="164"/></cellXfs>
</styleSheet>""",
    "xl/sharedStrings.xml": f"""<sst xmlns="{MAIN}" count="4"><si><t>Tag</t></si><si><t>Zeit</t></si>
<si><t>Summe</t></si><si><r><t>Text, </t></r><r><t>der fett ist</t></r></si></sst>""",
    SHEET: f"""<worksheet xmlns="{MAIN}">
<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c>
<c r="C1" t="s"><v>2</v></c><c r="D1" t="str"><f>"N"&amp;1</f><v>N1</v></c></row>
<row r="2"><c r="A2" s="1"><v>45746</v></c><c r="B2" s="2"><v>45746.604166666664</v></c>
<c r="C2"><f>SUM(A9:A10)</f><v>0.30000000000000004</v></c><c r="D2" t="s"><v>3</v></c></row>
<row r="3"><c r="A3" s="1"><v>45747</v></c><c r="B3" s="2"><v>9999999999</v></c>
<c r="C3" t="e"><v>#DIV/0!</v></c></row></sheetData></worksheet>""",
}
