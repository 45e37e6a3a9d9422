"""Files go out piece by piece, also under ASGI, where Django alone would read them whole."""

import asyncio
from io import BytesIO

from pipeline.foundation.exports.downloads import FileDownload


def test_under_asgi_a_piece_is_read_when_it_is_its_turn():
    file = BytesIO(b"x" * 3 * FileDownload.block_size)
    places = []

    async def send() -> None:
        async for piece in FileDownload(file, "a.csv"):
            assert len(piece) == FileDownload.block_size
            places.append(file.tell())

    asyncio.run(send())

    assert places == [FileDownload.block_size * number for number in (1, 2, 3)]


def test_a_download_says_how_long_it_is_and_what_it_is_called():
    response = FileDownload(BytesIO(b"12345"), "belay-candidates.csv")

    assert response["Content-Length"] == "5"
    assert response["Content-Disposition"] == 'attachment; filename="belay-candidates.csv"'
    assert response["Content-Type"] == "text/csv"
