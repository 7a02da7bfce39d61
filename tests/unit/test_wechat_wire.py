"""What goes over the wire in the stand-ins: AES, XML and the files' formats."""

import pytest
from werobot.crypto import MessageCrypt
from werobot.crypto.exceptions import AppIdValidationError

from tests.wechat_media import seconds_of, silent_amr, silent_mp3
from tests.wechat_wire import Sealer, WireError, new_aes_key, parse, render, signature


@pytest.mark.parametrize("text", ["", "你好", "x" * 31, "x" * 32, "字" * 3000])
def test_werobot_and_the_stand_in_read_each_other(text: str) -> None:
    key, appid, token = new_aes_key(), "wx0123456789abcdef", "StandInToken"
    sealer, other = Sealer(key, appid), MessageCrypt(token, key, appid)
    sealed = sealer.seal(text)
    sign = signature(token, "1700000000", "42", sealed)
    assert other.decrypt_message("1700000000", "42", sign, sealed).decode() == text
    fields = parse(other.encrypt_message(text, "1700000000", "42"))
    assert sealer.open(fields["Encrypt"]) == text
    wanted = signature(token, fields["TimeStamp"], fields["Nonce"], fields["Encrypt"])
    assert fields["MsgSignature"] == wanted
    with pytest.raises(WireError, match="another receiver"):
        Sealer(key, "wxffffffffffffffff").open(sealed)
    with pytest.raises(AppIdValidationError):
        MessageCrypt(token, key, "wxother").decrypt_message("1700000000", "42", sign, sealed)


def test_xml_holds_whatever_is_said() -> None:
    text = "]]> <![CDATA[ & < 😀 \t\n ]]]]>"
    assert parse(render({"Content": text, "MsgId": 7})) == {"Content": text, "MsgId": "7"}
    assert parse(render({"Content": "a\x00\x0b\ud800b", "N": 1}))["Content"] == "ab"
    for wrong in ("", "<a/>", "<xml>", '<!DOCTYPE a [<!ENTITY b "c">]><xml><A>&b;</A></xml>'):
        with pytest.raises(WireError):
            parse(wrong)


def test_how_long_files_play() -> None:
    assert seconds_of(silent_amr(2.5)) == 2.5
    tag = b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10)
    assert seconds_of(tag + silent_mp3(10)) == pytest.approx(10, abs=0.03)
    low = b"\xff\xf3\x44\xc4" + bytes(92)  # MPEG 2, 32 kbit/s, 24 kHz
    assert seconds_of(low * 50) == pytest.approx(50 * 576 / 24000)
