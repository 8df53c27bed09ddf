// A text that the page was given, saved as a file; a picture comes as SVG and is kept as PNG, which every slide takes.
window.gptlineageSave = async (told) => {
  const { name, text } = JSON.parse(told), SCALE = 2;
  const types = { md: 'text/markdown', json: 'application/json', svg: 'image/svg+xml' };
  let blob = new Blob([text], { type: `${types[name.split('.').pop()] ?? 'text/plain'};charset=utf-8` });
  if (name.endsWith('.png')) {
    const picture = new Image();
    picture.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(text);
    await picture.decode();
    const canvas = Object.assign(document.createElement('canvas'), {
      width: SCALE * picture.naturalWidth, height: SCALE * picture.naturalHeight,
    });
    canvas.getContext('2d').drawImage(picture, 0, 0, canvas.width, canvas.height);
    blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
  }
  const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
};
